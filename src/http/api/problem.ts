import type { Problem } from '#contract';
import type { FixityError } from '#kernel';
import { httpStatus } from '../status.ts';

/** RFC 9457 problem document of an error. Causes and stacks stay on this side. */
export function problemOf(error: FixityError): Problem {
  const hidden = error.code === 'internal';
  return {
    ...error.members,
    type: `/docs/errors#${error.code}`,
    title: titles[error.code] ?? error.code.replaceAll('-', ' '),
    status: httpStatus[error.code],
    detail: hidden ? 'the server failed on this request; its log says why' : error.message,
    code: error.code,
    facts: [...error.facts],
    next: hidden ? ['look at the server log; fixity status'] : [...error.next],
    retryable: error.retryable,
  };
}

const titles: Readonly<Partial<Record<FixityError['code'], string>>> = {
  'tag-final': 'A tag is final',
  'version-conflict': 'It has changed meanwhile',
  unauthenticated: 'A token is needed',
};
