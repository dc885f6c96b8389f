import { connect, type Socket } from 'node:net';
import type { EndpointAddress } from './endpoint.ts';

/** Lack of our own means (file descriptors, ports, memory) says nothing about the endpoint. */
const ownFault: ReadonlySet<string> = new Set(['EMFILE', 'ENFILE', 'EADDRNOTAVAIL', 'ENOBUFS', 'ENOMEM']);

/** Whether a failed connection is the endpoint's fault, so that it should be passed over for a while. */
export function blamesEndpoint(error: Error): boolean {
  return !ownFault.has((error as NodeJS.ErrnoException).code ?? '');
}

/**
 * A new connection, made before anything is read from the client, so that a failure can be answered by trying elsewhere.
 * Rejects with the system's error, or one with code `ETIMEDOUT` after `timeoutMilliseconds`.
 */
export function openConnection(
  at: EndpointAddress,
  timeoutMilliseconds: number,
  allowHalfOpen = false,
): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: at.address, port: at.port, noDelay: true, allowHalfOpen });
    const timer = setTimeout(() => socket.destroy(connectTimeout(at, timeoutMilliseconds)), timeoutMilliseconds);
    // Stays for good: an error between the connection and its use must not be an uncaught one.
    socket.on('error', (error) => {
      clearTimeout(timer);
      reject(error);
    });
    socket.once('connect', () => {
      clearTimeout(timer);
      resolve(socket);
    });
  });
}

export function connectTimeout(at: EndpointAddress, milliseconds: number): Error {
  const sentence = `${at.address}:${at.port} did not accept within ${milliseconds} ms`;
  return Object.assign(new Error(sentence), { code: 'ETIMEDOUT' });
}
