/** Gross price in cents of a net price in cents; the tax rate is in basis points (1900 is 19 %). */
export function gross(net, { mode, rate }) {
  const tax = (net * rate) / 10_000;
  return net + (mode === 'half-even' ? halfEven(tax) : Math.floor(tax));
}

/** Rounds to the nearest whole number, and halves to the even one. */
function halfEven(value) {
  const below = Math.floor(value);
  const rest = value - below;
  if (rest !== 0.5) return Math.round(value);
  return below % 2 === 0 ? below : below + 1;
}
