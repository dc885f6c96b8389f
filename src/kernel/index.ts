export { type Clock, fromInstant, type Instant, parseInstant, systemClock, toInstant } from './clock.ts';
export { type Digest, digestFromBytes, digestOf, hexOf, isDigest, parseDigest, shortDigest } from './digest.ts';
export { asFixityError, type ErrorCode, type ErrorDetail, errorCodes, FixityError } from './errors.ts';
export { type RandomBytes, shortId, uuidv7 } from './ids.ts';
export { canonicalBytes, canonicalJson, type Json, type JsonObject } from './json.ts';
export { type Moment, parseMoment, parseTime } from './moment.ts';
export { labelPattern, parseSubject, type Subject, type SubjectKind, subject, subjectKinds } from './subject.ts';
