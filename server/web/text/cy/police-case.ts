/** What the police pages say of a case and of what was found, in Welsh. */
import type { policeCase as english } from '../en/police-case.ts';
import { plural, type Strings } from '../language.ts';

const amounts = new Intl.NumberFormat('en-GB');
const codes = (count: number): string =>
  plural(count, { one: '1 cod', two: '2 god', other: `${amounts.format(count)} o godau` });
const readings = (count: number): string =>
  plural(count, { one: '1 darlleniad', two: '2 ddarlleniad', other: `${amounts.format(count)} o ddarlleniadau` });
const rows = (count: number): string =>
  plural(count, { one: '1 rhes', two: '2 res', other: `${amounts.format(count)} o resi` });
const registrations = (count: number): string =>
  plural(count, { one: '1 cofrestriad', two: '2 gofrestriad', other: `${amounts.format(count)} o gofrestriadau` });

export const policeCase: Strings<typeof english> = {
  claim: {
    title: 'Hawliad yw cofrestriad, nid prawf o deitl',
    text: 'Mae’n dweud bod rhywun wedi cofrestru’r cod hwn ar y dyddiad hwnnw, ac wedi disgrifio’r eitemau hyn. Nid yw’n dweud pwy biau’r eitemau yn ôl y gyfraith. Pwyswch ef gyda gweddill y dystiolaeth.',
    short: 'Hawliad, nid prawf o deitl.',
  },
  result: {
    hit: 'Wedi’i gofrestru',
    miss: 'Heb ei gofrestru',
    unsure: 'Ni ellir dweud',
    failed: 'Heb chwilio amdano',
    waiting: 'Yn aros',
  },
  tray: {
    title: 'Achos',
    caption: 'Achos',
    back: 'Pob achos',
    add: 'Chwilio am ddarlleniad arall',
    addFirst: 'Chwilio am ddarlleniad',
    list: 'Gludo neu lanlwytho rhestr',
    sheet: 'Taflen dystiolaeth',
    results: 'Canlyniadau',
    summary: (hits, misses) => `${amounts.format(hits)} wedi’u cofrestru, ${amounts.format(misses)} heb eu cofrestru`,
    summaryUnsure: (count) => `${amounts.format(count)} na ellir dweud amdanynt`,
    summaryFailed: (count) => `${amounts.format(count)} heb chwilio amdanynt`,
    summaryWaiting: (count) => `${amounts.format(count)} yn aros`,
    show: 'Dangos',
    showAll: 'Popeth',
    filterEmpty: 'Dim un o’r rhain.',
    more: (count) => `Dangos ${amounts.format(count)} arall`,
    shown: (shown, all) => `Yn dangos ${amounts.format(shown)} o ${amounts.format(all)}.`,
    remove: 'Tynnu',
    deleteTitle: 'Dileu’r achos hwn',
    deleteLink: 'Dileu’r achos hwn o’r porwr hwn',
    deleteText:
      'Mae ei ddarlleniadau, ei ganlyniadau a’i agoriadau yn cael eu tynnu o’r porwr hwn. Mae’r log yn cadw ei gofnodion. Cadwch y ffeil dystiolaeth yn gyntaf os gall fod angen y profion arnoch.',
    deleteConfirm: 'Dileu’r achos',
    deleteCancel: 'Ei gadw',
    missing: 'Nid oes achos o’r fath yn y porwr hwn ar gyfer eich ffeil manylion adnabod.',
  },
  run: {
    waiting: (count) => `Mae ${readings(count)} yn aros am chwiliad`,
    cost: (cost, perDay) =>
      `Bydd chwilio yn gofyn am ${codes(cost)}. Mae eich heddlu yn caniatáu ${amounts.format(perDay)} y dydd i chi.`,
    overQuota: (cost, perDay) =>
      `Mae ${codes(cost)} yn fwy na’r ${amounts.format(perDay)} ar gyfer un diwrnod. Mae’n gofyn am gynifer ag y caiff, yn cadw’r canlyniadau hynny ac yn stopio. Ewch ymlaen yfory, neu dywedwch pa fath o god ydyw.`,
    nothingToAsk: 'Ni ellir chwilio am ddim o’r hyn sy’n aros. Cywirwch ef neu tynnwch ef isod.',
    button: (cost) => `Chwilio am ${codes(cost)}`,
    going: 'Wrthi’n chwilio',
    keeps:
      'Mae pob canlyniad yn cael ei gadw wrth iddo ddod. Cewch ail-lwytho neu gau’r dudalen hon: bydd yn mynd ymlaen pan ddowch yn ôl.',
    offline: 'Dim cysylltiad. Bydd yn mynd ymlaen ohono’i hun pan ddaw’r cysylltiad yn ôl.',
    stopped: 'Wedi stopio. Mae’r hyn a atebwyd wedi’i gadw; mae’r gweddill yn aros.',
  },
  card: {
    status: 'Statws',
    items: 'Eitemau',
    registered: 'Cofrestrwyd ar',
    registeredOn: (date) => `${date}, yn ôl dyfais y perchennog`,
    log: 'Yn y log cyhoeddus',
    entry: (before, match) => `Erbyn ${before}. Fe’i dangoswyd i chi gan gofnod ${match}.`,
    claims: (count) =>
      `${plural(count, { two: '2 hawliad', other: `${amounts.format(count)} o hawliadau` })} ar y cod hwn`,
    claimsText:
      'Cofrestrwyd y cod hwn fwy nag unwaith. Dangosir yr hawliadau yn y drefn y derbyniodd y log hwy. Mae bod yn gyntaf yn dystiolaeth, ond nid yn brawf.',
    first: 'Hawliad cyntaf',
    counter: (place) => `Gwrth-hawliad ${place}`,
    miss: 'Nid yw’r gofrestrfa yn dangos unrhyw gofrestriad o’r cod hwn. Nid yw hynny’n dweud dim am bwy biau’r eitem.',
    missMany: (count) =>
      `Nid yw’r gofrestrfa yn dangos cofrestriad o’r un o’r ${amounts.format(count)} o godau posibl. Nid yw hynny’n dweud dim am bwy biau’r eitem.`,
    unsure:
      'Cafwyd hyd i rywbeth nad yw’n cael ei ddangos, am ei fod wedi methu’r gwiriad. Peidiwch â chymryd bod y cod heb ei gofrestru.',
    refused: (count) =>
      `Cafwyd hyd i ${registrations(count)} ${count === 1 ? 'nad yw’n cael ei ddangos: wedi’i newid, neu heb fod yn y log fel y dylai' : 'nad ydynt yn cael eu dangos: wedi’u newid, neu heb fod yn y log fel y dylent'}. Rhowch wybod i’r gofrestrfa.`,
    misread: (title) =>
      `Mae’n edrych fel “${title}”, ond nid yw ei nodau gwirio yn cyfateb. Os yw’n un, camddarllenwyd nod: edrychwch eto.`,
    omitted: (count) =>
      `Gadewir ${codes(count)} llai tebygol allan. Darllenwch fwy o nodau, neu dywedwch pa fath o god ydyw, er mwyn gofyn am bob un.`,
    toAsk: (count) => `${codes(count)} i ofyn amdanynt.`,
    asked: (count) => `Gofynnwyd am ${codes(count)}.`,
    lookups: (entries) => `Y chwiliad yn y log cyhoeddus: ${entries}.`,
    at: (time) => `Chwiliwyd amdano ar ${time}.`,
    noContact: 'Ni adawodd y perchennog unrhyw ffordd i’w gyrraedd.',
    ask: 'Gofyn am fanylion cyswllt y ceidwad',
    openingPending: 'Manylion cyswllt: yn aros am gydweithiwr',
    openingApproved: 'Manylion cyswllt: wedi’u cymeradwyo, yn aros am warcheidwaid',
    openingOpened: 'Manylion cyswllt: wedi’u hagor',
    openingExpired: 'Manylion cyswllt: heb eu cymeradwyo mewn pryd',
  },
  list: {
    title: 'Gludo neu lanlwytho rhestr',
    how: 'Ym mha ffurf mae’r rhestr gennych?',
    upload: 'Ffeil',
    uploadHint: 'Taenlen (.xlsx) neu dabl (.csv), â llinell gyntaf sy’n enwi’r colofnau.',
    paste: 'Testun i’w ludo',
    file: 'Ffeil â darlleniadau',
    fileMissing: 'Dewiswch ffeil',
    pasteLabel: 'Darlleniadau, un ar bob llinell',
    pasteMissing: 'Gludwch o leiaf un darlleniad',
    read: 'Parhau',
    reading: 'Wrthi’n darllen y rhestr',
    empty: 'Nid oes darlleniadau yn y rhestr.',
    columnsTitle: 'Gwiriwch y rhestr',
    column: 'Colofn y darlleniadau',
    labelColumn: 'Colofn y rhifau arddangosyn',
    schemeColumn: 'Colofn y math o god',
    noColumn: 'Dim',
    scheme: 'Math o god, lle nad yw’r rhestr yn ei ddweud',
    zeros: 'Gall taenlen fod wedi gollwng seroau o flaen rhifau: rhowch gynnig ar y rheini hefyd',
    preview: 'Darlleniadau cyntaf y rhestr',
    row: 'Rhes',
    exhibit: 'Arddangosyn',
    text: 'Darlleniad',
    possible: 'Codau',
    problems: (count) => `Ni ellir chwilio am ${rows(count)}`,
    problemsText:
      'Maent yn cael eu gadael allan. Cywirwch hwy yn y rhestr a’i lanlwytho eto, neu ewch ymlaen hebddynt.',
    rowName: (row) => `Rhes ${row}`,
    moreProblems: (count) => `Dangos ${rows(count)} arall`,
    unknownScheme: 'Mae’r rhestr yn enwi math o god nad yw gan y gofrestrfa hon.',
    emptyRows: (count) => `Rhesi sy’n wag yn y golofn honno ac a adewir allan: ${amounts.format(count)}.`,
    total: (count, cost, perDay) =>
      `${readings(count)}, ${codes(cost)} i ofyn amdanynt. Mae eich heddlu yn caniatáu ${amounts.format(perDay)} y dydd i chi. Ni ofynnir am ddim eto.`,
    add: (count) => `Rhoi ${readings(count)} ar yr achos`,
    nothing: 'Nid oes dim i’w roi ar yr achos.',
    back: 'Dewis rhestr arall',
    toCase: 'Yn ôl i’r achos',
  },
  sheet: {
    title: 'Taflen dystiolaeth',
    lead: 'Yr hyn y chwiliwyd amdano ar gyfer yr achos hwn a’r hyn a ddaeth ohono. Mae’r ffeil dystiolaeth yn dal y profion y mae’r daflen hon yn eu henwi.',
    print: 'Argraffu’r daflen hon',
    save: 'Cadw’r ffeil dystiolaeth',
    saved: 'Wedi’i chadw. Mae’n dal codau a disgrifiadau o eitemau: cadwch hi fel y byddwch yn cadw tystiolaeth arall.',
    saving: 'Wrthi’n casglu’r profion',
    case: 'Cyfeirnod yr achos',
    registry: 'Cofrestrfa',
    force: 'Heddlu',
    officer: 'Ffugenw’r swyddog',
    made: 'Gwnaed ar',
    reading: 'Darlleniad',
    codes: 'Codau y gofynnwyd amdanynt',
    when: 'Pryd',
    summary: 'Canlyniad',
    lookups: 'Cofnodion y chwiliad',
    opening: (entry) => `Agorwyd manylion cyswllt y ceidwad: cofnod ${entry} yn y log cyhoeddus.`,
    asked: 'Chwiliad',
    notAsked: 'Codau a adawyd allan',
    missesText:
      'Mae’r ffaith bod cod wedi’i gofrestru wedi’i phrofi. Ond gair y gofrestrfa yn unig sydd dros ddweud nad yw cod wedi’i gofrestru, heb brawf; a gall codau a adawyd allan fod wedi’u cofrestru.',
    notLookedUp: 'Heb chwilio amdanynt',
    why: 'Pam',
    waits: 'Mae’n aros am chwiliad.',
    noResults: 'Nid oes canlyniadau eto.',
    verify: 'Sut i’w wirio',
    verifyText:
      'Llinell yn log cyhoeddus y gofrestrfa yw pob cofnod. Mae’r ffeil dystiolaeth yn profi bod y cofnodion yn y log, a bod gwarcheidwaid o sefydliadau eraill wedi’i gydlofnodi. Gall unrhyw un wirio hynny â llinell orchymyn Blindmark, heb y gofrestrfa.',
    back: 'Yn ôl i’r achos',
  },
};
