/**
 * Whether a tag matches one of the repository's moving patterns: `*` stands for any run of characters, everything else
 * for itself. Runs in time linear in pattern times tag, whatever the pattern.
 */
export function matchesMoving(patterns: readonly string[], tag: string): boolean {
  return patterns.some((pattern) => matches(pattern, tag));
}

function matches(pattern: string, text: string): boolean {
  const [head = '', ...rest] = pattern.split('*');
  if (rest.length === 0) return head === text;
  const tail = rest.pop() ?? '';
  if (!text.startsWith(head)) return false;
  let position = head.length;
  // The earliest place for each middle part leaves the most room for those after it.
  for (const part of rest) {
    const found = text.indexOf(part, position);
    if (found === -1) return false;
    position = found + part.length;
  }
  return text.length - tail.length >= position && text.endsWith(tail);
}
