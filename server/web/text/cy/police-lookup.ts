/** What the police pages say of signing in and of a reading, in Welsh. */
import type { policeLookup as english } from '../en/police-lookup.ts';
import { plural, type Strings } from '../language.ts';
import { schemes } from './schemes.ts';

const amounts = new Intl.NumberFormat('en-GB');
const codes = (count: number): string =>
  plural(count, { one: '1 cod', two: '2 god', other: `${amounts.format(count)} o godau` });

export const policeLookup: Strings<typeof english> = {
  signIn: {
    title: 'Mewngofnodwch â’ch ffeil manylion adnabod',
    lead: 'Chwiliwch am yr hyn a ddarllenoch oddi ar eitem a adenillwyd, a chewch wybod a yw wedi’i chofrestru.',
    file: 'Ffeil manylion adnabod',
    hint: 'Mae eich heddlu yn rhoi ffeil newydd i chi ar gyfer pob shifft; officer.json yw ei henw fel arfer. Mae’n ddilys am 12 awr ar y mwyaf.',
    button: 'Mewngofnodi',
    missing: 'Dewiswch eich ffeil manylion adnabod',
    keyTitle: 'Beth sy’n digwydd i’r ffeil',
    keyText:
      'Mae’n cael ei darllen yn y porwr hwn ac nid yw’n cael ei lanlwytho. Mae ei hallwedd yn cael ei chadw fel y gellir ei defnyddio yma ond nid ei chopïo allan, ac mae’n cael ei hanghofio pan fyddwch yn allgofnodi.',
    whoSees: 'Pwy sy’n gweld eich bod yn chwilio am rywbeth?',
    whoSeesText:
      'Mae pob chwiliad yn gwneud cofnod mewn log cyhoeddus: eich heddlu, eich ffugenw am y dydd, a nifer bras y codau. Nid yw’n cynnwys y cod na chyfeirnod yr achos. Mae perchennog marc cofrestredig yn gweld bod rhywun wedi chwilio amdano, ar ôl 28 diwrnod fan bellaf.',
    signingOut: 'Wrthi’n allgofnodi',
    notSignedOut: 'Nid ydych wedi allgofnodi eto',
    notSignedOutText:
      'Mae eich allwedd yn dal yn y porwr hwn. Rhowch gynnig arall arni; os nad yw hynny’n helpu, cliriwch ddata’r wefan hon yng ngosodiadau’r porwr. Heb hynny, daw’r sesiwn i ben 15 munud ar ôl i chi wneud rhywbeth ddiwethaf.',
    ended: {
      self: 'Rydych wedi allgofnodi. Mae’r allwedd wedi’i hanghofio.',
      idle: 'Cawsoch eich allgofnodi am na wnaed dim yma am 15 munud. Mae’r achosion wedi’u cadw, ac wedi’u selio: mewngofnodwch â’r un ffeil a byddant yn agor eto. Bydd chwiliad a oedd ar ei ganol yn mynd ymlaen bryd hynny.',
      expired:
        'Mae eich manylion adnabod wedi dod i ben, felly rydych wedi’ch allgofnodi. I ddarllen eich achosion neu gadw eu tystiolaeth, mewngofnodwch â’r un ffeil; i chwilio am fwy, â ffeil y shifft nesaf.',
      elsewhere: 'Mewn tab arall fe allgofnodoch, neu mewngofnododd rhywun arall. Mewngofnodwch eto i fynd ymlaen.',
    },
  },
  session: {
    signedInAs: (officer, force) => `${officer}, ${force}`,
    officer: 'Wedi mewngofnodi fel',
    until: (time) => `tan ${time}`,
    signOut: 'Allgofnodi',
    menu: 'Heddlu',
    desk: 'Chwilio',
    approve: 'Cymeradwyo cais cydweithiwr',
    keyInMemory:
      'Ni all y porwr hwn gadw’r allwedd yn ddiogel, felly dim ond yn y tab hwn y mae. Os byddwch yn cau neu’n ail-lwytho’r tab, mewngofnodwch eto.',
    testRegistry: 'Cofrestrfa brawf',
    readOnly:
      'Mae’r manylion adnabod hyn wedi dod i ben. Gallwch ddarllen eich achosion a chadw eu tystiolaeth. I chwilio am fwy, mewngofnodwch â ffeil y shifft nesaf.',
    idleSoon:
      'Ni wnaed dim yma ers tro. Cewch eich allgofnodi o fewn munud. I aros wedi mewngofnodi, gwasgwch fysell, symudwch y llygoden neu cyffyrddwch â’r dudalen.',
    endsSoon: (time) =>
      `Bydd eich manylion adnabod yn dod i ben ar ${time}. Gorffennwch yr hyn yr ydych yn ei wneud, neu mewngofnodwch â’r ffeil nesaf.`,
  },
  desk: {
    title: 'Chwilio am ddarlleniad',
    casesTitle: 'Eich achosion',
    cases: 'Achosion yn y porwr hwn',
    noCases: 'Dim eto. Mae achos yn cael ei wneud pan fyddwch yn chwilio am rywbeth ar ei gyfer.',
    openCase: 'Agor yr achos',
    openCaseHint: 'I ludo neu lanlwytho rhestr, agorwch yr achos yn gyntaf.',
    caseName: 'Achos',
    caseReadings: 'Darlleniadau',
    caseHits: 'Wedi’u cofrestru',
    caseWaiting: 'Yn aros',
    caseChanged: 'Newid diwethaf',
    sealed:
      'Mae achosion yn cael eu cadw yn y porwr hwn, wedi’u selio i’ch ffeil manylion adnabod. Dim ond gyda’r ffeil honno y maent yn agor.',
  },
  schemes,
  reading: {
    caseLabel: 'Cyfeirnod yr achos',
    caseHint: '64 nod ar y mwyaf. Nid yw’n gadael y porwr hwn ar ffurf y gellir ei darllen.',
    caseMissing: 'Rhowch gyfeirnod yr achos',
    caseTooLong: (length) => `Mae ${length} nod yng nghyfeirnod yr achos. Y mwyaf a ganiateir yw 64`,
    label: 'Yr hyn a ddarllenoch',
    hint: 'Teipiwch ? yn lle nod na allwch ei ddarllen, a [8B] lle mae’n 8 neu’n B. Nid yw bylchau na chysylltnodau o bwys.',
    missing: 'Rhowch yr hyn a ddarllenoch oddi ar yr eitem',
    more: 'Rhif arddangosyn a math o god (dewisol)',
    exhibit: 'Rhif arddangosyn',
    exhibitHint: 'Eich enw chi ar yr eitem. Mae’n aros yn y porwr hwn.',
    scheme: 'Math o god',
    schemeHint: 'Os ydych yn ei wybod, gofynnir am lai o godau.',
    anyScheme: 'Nid wyf yn gwybod',
    example: (title, example) => `${title}, fel ${example}`,
    buttonCost: (count) => (count === 1 ? 'Chwilio' : `Chwilio am ${codes(count)}`),
    cost: (count, perDay) =>
      count === 1
        ? `Un cod yw hwn. O’r ${amounts.format(perDay)} y dydd mae’n defnyddio 1.`
        : `Gall hwn fod yn ${amounts.format(count)} o godau gwahanol. O’r ${amounts.format(perDay)} y dydd mae’n defnyddio ${amounts.format(count)}.`,
    costShown: 'Ni ofynnwyd am ddim eto. Gwasgwch y botwm eto i chwilio.',
    fits: (titles) => `Mae’n cyd-fynd â: ${titles}.`,
    omitted: (count) =>
      `Gadewir ${codes(count)} llai tebygol allan. Darllenwch fwy o nodau, neu dywedwch pa fath o god ydyw, er mwyn gofyn am bob un.`,
    help: 'Sut i deipio rhif cyfresol, neu god na allwch ond ei ddarllen yn rhannol',
    helpUnread: 'Mae ? yn sefyll am un nod na allwch ei ddarllen: 8EQ7 1S0? SG3J TS93',
    helpOneOf: 'Mae [8B] yn sefyll am un nod sy’n un o’r rhain: 8KCM ESFH 2[8B]N1 9043',
    helpMaker: 'Ar gyfer rhif cyfresol dryll, rhowch y gwneuthurwr o flaen bar: Beretta | 279241',
    helpCost:
      'Mae pob ? a phob pâr o fachau yn gwneud mwy o godau posibl, a phob un yn defnyddio rhai o’ch codau am y dydd.',
  },
  problem: {
    badInput: 'Mae ynddo nod nad yw mewn unrhyw god. Defnyddiwch lythrennau, rhifau, ? a bachau fel [8B].',
    noSchemeFits:
      'Nid oes unrhyw fath o god yn edrych fel hyn. Cyfrwch y nodau, a rhowch ? yn lle pob un na allwch ei ddarllen.',
    checkFailed:
      'Nid yw’r nodau gwirio yn cyfateb, felly camddarllenwyd nod. Edrychwch eto, a rhowch ? lle nad ydych yn siŵr.',
    tooManyCandidates:
      'Gall fod yn ormod o godau gwahanol. Darllenwch fwy o nodau, neu dywedwch pa fath o god ydyw. Ni ofynnwyd am ddim.',
    rounded:
      'Mae’r daenlen wedi talgrynnu’r rhif hwn, ac mae digidau wedi’u colli. Fformatiwch y golofn fel testun, rhowch y cod eto ac yna cadwch y daenlen.',
    dated:
      'Mae’r daenlen wedi troi’r cod hwn yn ddyddiad. Fformatiwch y golofn fel testun, rhowch y cod eto ac yna cadwch y daenlen.',
    other: (code) => `Ni ellir chwilio amdano (${code}).`,
  },
};
