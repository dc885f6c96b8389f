import type { Query } from '#contract';
import { parseMoment } from '#kernel';
import type { Context } from './context.ts';

/** The environment asked about when none is named. */
export function defaultEnvironment(context: Context): string {
  return context.env['FIXITY_ENVIRONMENT'] ?? 'prod';
}

/** Reads a moment as typed into what the API takes: clock times are resolved here, in the user's zone. */
export function momentQuery(context: Context, text: string | undefined, knownAt?: string): Query<'live'> {
  const moment = parseMoment(text ?? defaultEnvironment(context), context.now());
  const known = knownAt === undefined ? {} : { knownAt };
  const { environment } = moment;
  switch (moment.at) {
    case 'now':
      return { environment, ...known };
    case 'revision':
      return { environment, revision: moment.number, ...known };
    case 'back':
      return { environment, back: moment.count, ...known };
    case 'instant':
      return { environment, time: moment.instant, ...known };
  }
}

/** The moment as the next command can be given it. */
export function momentText(query: Query<'live'>): string {
  if (query.revision !== undefined) return `${query.environment}#${query.revision}`;
  if (query.back !== undefined) return `${query.environment}~${query.back}`;
  return query.time === undefined ? query.environment : `${query.environment}@${query.time}`;
}
