export { decodeBase64 } from './base64.ts';
export {
  type Envelope,
  envelopeSchema,
  keyIdOf,
  openEnvelope,
  preAuthenticationEncoding,
  signEnvelope,
} from './envelope.ts';
export { formatPrivateKey, generateKey, readPrivateKey, type SigningKey, verifierKey } from './key.ts';
export { addSignatures, type NoteSignature, openNote, type ParsedNote, parseNote, signNote } from './note.ts';
export { formatVerifier, readVerifier, type Verifier } from './verifier.ts';
