/** 0.0123 is "1.23 %"; rounded down, so that 99.996 % never reads as 100 %. */
export function percent(share: number): string {
  return `${Math.floor(share * 10_000 + 1e-9) / 100} %`;
}
