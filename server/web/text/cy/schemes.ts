/** Kinds of code, in Welsh. */
import type { schemes as english } from '../en/schemes.ts';
import type { Strings } from '../language.ts';

export const schemes: Strings<typeof english> = {
  'bm1': 'Cod Blindmark',
  'vin': 'Rhif adnabod cerbyd neu beiriant',
  'pin': 'PIN microdot',
  'numeric': 'Rhif hylif fforensig',
  'dna': 'Dilyniant DNA synthetig',
  'letters-digits': 'Pedair llythyren a phum digid',
  'serial': 'Gwneuthurwr a rhif cyfresol dryll',
};
