const missing = /^Invalid input: expected (.+), received undefined$/;
const wrong = /^Invalid input: expected (.+), received (.+)$/;

/** One finding of a schema as people read it: where, and what is wrong there. */
export function issueText({ path, message }: { readonly path: readonly PropertyKey[]; readonly message: string }) {
  const text = message
    .replace(missing, 'is missing: it takes a $1')
    .replace(wrong, 'takes a $1, not a $2')
    .replace(/\ba (?=[aeiou])/g, 'an ');
  const place = path.map(String).join('.');
  return place === '' ? text : `${place}: ${text}`;
}
