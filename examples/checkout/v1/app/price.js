/** Gross price in cents of a net price in cents; the tax rate is in basis points (1900 is 19 %). */
export function gross(net, { rate }) {
  return net + Math.floor((net * rate) / 10_000);
}
