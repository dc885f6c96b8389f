// Plain JavaScript, so that any Node can say what it is missing.
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
if (major > 24 || (major === 24 && minor >= 15)) {
  await import('../src/main/start.ts');
} else {
  console.error(`Refused: Fixity needs Node 24.15 or newer, and this is ${process.versions.node}`);
  console.error('Next: npm ci   (brings its own on Linux; elsewhere install Node 24.15 or newer)');
  process.exitCode = 1;
}
