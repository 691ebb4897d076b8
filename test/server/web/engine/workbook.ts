/** Workbooks for tests, byte for byte as Excel lays them out (ECMA-376). */
import { zipSync } from 'fflate';

/** A cell: text, a number as Excel stores it, or one that is shown as a date. */
export type Cell = string | { readonly number: string } | { readonly date: number } | null;

/** The bytes of a workbook with one sheet, as Excel lays it out. @param options.extra more rows, as XML */
export function workbook(
  rows: readonly (readonly Cell[])[],
  options: { readonly inline?: boolean; readonly extra?: string } = {},
): Uint8Array<ArrayBuffer> {
  const strings: string[] = [];
  const cellXml = (cell: Cell, reference: string): string => {
    if (cell === null) return '';
    if (typeof cell === 'string' && options.inline === true)
      return `<c r="${reference}" t="inlineStr"><is><t>${cell}</t></is></c>`;
    if (typeof cell === 'string') return `<c r="${reference}" t="s"><v>${strings.push(cell) - 1}</v></c>`;
    return 'number' in cell
      ? `<c r="${reference}"><v>${cell.number}</v></c>`
      : `<c r="${reference}" s="1"><v>${cell.date}</v></c>`;
  };
  const rowXml = (cells: readonly Cell[], at: number): string =>
    `<row r="${at + 1}">${cells.map((cell, i) => cellXml(cell, `${'ABCDEF'[i]}${at + 1}`)).join('')}</row>`;
  const main = 'http://schemas.openxmlformats.org/spreadsheetml/2006/main';
  const office = 'http://schemas.openxmlformats.org/officeDocument/2006/relationships';
  const relations = 'http://schemas.openxmlformats.org/package/2006/relationships';
  const sheet = rows.map(rowXml).join('');
  const files: Record<string, string> = {
    '[Content_Types].xml': `<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/></Types>`,
    '_rels/.rels': `<?xml version="1.0"?><Relationships xmlns="${relations}"><Relationship Id="rId1" Type="${office}/officeDocument" Target="xl/workbook.xml"/></Relationships>`,
    'xl/workbook.xml': `<?xml version="1.0"?><workbook xmlns="${main}" xmlns:r="${office}"><sheets><sheet name="Reads" sheetId="1" r:id="rId1"/></sheets></workbook>`,
    'xl/_rels/workbook.xml.rels': `<?xml version="1.0"?><Relationships xmlns="${relations}"><Relationship Id="rId1" Type="${office}/worksheet" Target="worksheets/sheet1.xml"/><Relationship Id="rId2" Type="${office}/styles" Target="styles.xml"/><Relationship Id="rId3" Type="${office}/sharedStrings" Target="sharedStrings.xml"/></Relationships>`,
    'xl/styles.xml': `<?xml version="1.0"?><styleSheet xmlns="${main}"><cellXfs count="2"><xf numFmtId="0"/><xf numFmtId="14"/></cellXfs></styleSheet>`,
    'xl/worksheets/sheet1.xml': `<?xml version="1.0"?><worksheet xmlns="${main}"><sheetData>${sheet}${options.extra ?? ''}</sheetData></worksheet>`,
    'xl/sharedStrings.xml': `<?xml version="1.0"?><sst xmlns="${main}" count="${strings.length}" uniqueCount="${strings.length}">${strings.map((text) => `<si><t xml:space="preserve">${text}</t></si>`).join('')}</sst>`,
  };
  return new Uint8Array(
    zipSync(
      Object.fromEntries(
        Object.entries(files).map(([name, text]) => [name, new Uint8Array(Buffer.from(text, 'utf8'))]),
      ),
    ),
  );
}
