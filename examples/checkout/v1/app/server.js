import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { gross } from './price.js';

const [port, configPath] = process.argv.slice(2);
const config = JSON.parse(readFileSync(configPath, 'utf8'));
const version = '1.0.0';

const routes = {
  '/healthz': () => ({ ok: true }),
  '/price': (query) => ({
    gross: gross(Number(query.get('net') ?? 0), config.tax),
    currency: config.currency,
    version,
  }),
};

const server = createServer((request, response) => {
  const { pathname, searchParams } = new URL(request.url, 'http://checkout');
  const answer = routes[pathname]?.(searchParams);
  response.writeHead(answer ? 200 : 404, { 'content-type': 'application/json' });
  response.end(`${JSON.stringify(answer ?? { error: 'not found' })}\n`);
});

// Answers under way are finished before it ends.
process.once('SIGTERM', () => {
  server.close(() => process.exit(0));
  server.closeIdleConnections();
});
server.listen(Number(port), () => console.log(`checkout ${version} listens on ${port}, tax ${config.tax.mode}`));
