import { Ajv, type ErrorObject, type ValidateFunction } from 'ajv';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { FixityError } from '#kernel';
import { parseConfig, syntaxOf } from './config-syntax.ts';

const shown = 20;

/**
 * Holds a configuration document to a JSON Schema (2020-12, or draft-07 when `$schema` says so). `format` is an
 * annotation and is not enforced; references outside the schema are not followed.
 * @throws FixityError `schema-violation` with one line per violated path; `invalid-input` when the schema is none;
 * `unsupported` when the media type is not JSON, YAML or TOML.
 */
export function checkAgainstSchema(
  config: { readonly bytes: Uint8Array; readonly mediaType: string; readonly name: string },
  schema: Uint8Array,
): void {
  const { bytes, mediaType, name } = config;
  const syntax = syntaxOf(mediaType);
  if (syntax === undefined) {
    throw new FixityError('unsupported', `${name} is ${mediaType}, which cannot be checked against a schema`, {
      next: ['freeze it as JSON, YAML or TOML, or without a schema'],
    });
  }
  const validate = compiled(schema);
  let value: unknown;
  try {
    value = parseConfig(bytes, syntax);
  } catch (cause) {
    throw violation(name, [`not well-formed ${syntax.toUpperCase()}: ${firstLine(cause)}`]);
  }
  if (!validate(value)) throw violation(name, linesOf(validate.errors ?? []));
}

function compiled(schema: Uint8Array): ValidateFunction {
  try {
    const document = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(schema)) as unknown;
    if (typeof document !== 'boolean' && (typeof document !== 'object' || document === null)) {
      throw new Error('it is neither an object nor a boolean');
    }
    const options = { allErrors: true, strict: false, validateFormats: false, logger: false } as const;
    const ajv = isDraft07(document) ? new Ajv(options) : new Ajv2020(options);
    const validate = ajv.compile(document);
    // An asynchronous schema (`$async`) would answer with a promise, which is never false.
    if ('$async' in validate) throw new Error('$async is not part of JSON Schema');
    return validate;
  } catch (cause) {
    throw new FixityError('invalid-input', `the JSON Schema cannot be used: ${firstLine(cause)}`, {
      next: ['give a JSON Schema of draft 2020-12 without references to other files'],
      cause,
    });
  }
}

function isDraft07(document: object | boolean): boolean {
  const named: unknown = typeof document === 'object' && '$schema' in document ? document.$schema : undefined;
  return typeof named === 'string' && named.includes('json-schema.org/draft-07/');
}

/** One line per path, with everything that is wrong there. */
function linesOf(errors: readonly ErrorObject[]): string[] {
  const byPath = new Map<string, Set<string>>();
  for (const error of errors) {
    const path = error.instancePath === '' ? '(document)' : error.instancePath;
    byPath.set(path, (byPath.get(path) ?? new Set()).add(problemOf(error)));
  }
  return [...byPath].map(([path, problems]) => `${path} ${[...problems].join('; ')}`);
}

function problemOf({ keyword, message = 'is not allowed', params }: ErrorObject): string {
  const { allowedValues, additionalProperty } = params as { allowedValues?: unknown; additionalProperty?: unknown };
  if (keyword === 'enum') return `must be one of ${JSON.stringify(allowedValues).slice(1, -1)}`;
  if (keyword === 'additionalProperties') return `must not have "${String(additionalProperty)}"`;
  return message;
}

function violation(name: string, lines: readonly string[]): FixityError {
  const rest = lines.length - shown;
  return new FixityError('schema-violation', `${name} does not hold to its schema`, {
    facts: [...lines.slice(0, shown), ...(rest > 0 ? [`and ${rest} more`] : [])],
    next: [`correct ${name} and freeze it again`],
    members: { violations: lines.length },
  });
}

function firstLine(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split('\n', 1)[0]?.slice(0, 300) ?? '';
}
