/** Kinds of code, by the scheme's identifier. One that is not here is called as the registry calls it. */
export const schemes = {
  'bm1': 'Blindmark code',
  'vin': 'Vehicle or plant identification number',
  'pin': 'Microdot PIN',
  'numeric': 'Number of a forensic liquid',
  'dna': 'Synthetic DNA sequence',
  'letters-digits': 'Four letters and five digits',
  'serial': 'Maker and serial number of a firearm',
};
