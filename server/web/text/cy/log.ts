import type { log as english } from '../en/log.ts';
import { plural, type Strings } from '../language.ts';

const amounts = new Intl.NumberFormat('en-GB');
const entries = (count: number): string =>
  `${amounts.format(count)} ${plural(count, { two: 'gofnod', few: 'chofnod', many: 'chofnod', other: 'cofnod' })}`;

export const log: Strings<typeof english> = {
  title: 'Y log cyhoeddus',
  lead: 'Pryd bynnag y caiff cod ei gofrestru neu y chwilir amdano, ychwanegir cofnod at y log hwn yn gyntaf. Ni ellir newid na thynnu cofnod heb i neb sylwi: mae sefydliadau annibynnol, y gwarcheidwaid, yn llofnodi pob cyflwr o’r log.',
  loading: 'Wrthi’n gofyn i’r gofrestrfa am ei log',
  refresh: 'Adnewyddu',
  stated: {
    title: 'Fel y mae’r gofrestrfa yn ei ddatgan, heb ei wirio eto',
    text: 'Daw’r hyn sy’n dilyn oddi wrth y gofrestrfa. Gall eich porwr ei wirio:',
    link: 'gwirio’r cofnodion diweddaraf',
    updated: (time) => `Diweddarwyd: ${time}.`,
  },
  now: {
    title: 'Y log nawr',
    size: 'Cofnodion',
    confirmed: 'Cadarnhawyd ddiwethaf gan warcheidwad',
    never: 'Ddim eto',
    hidden: 'Yn gudd am y tro',
    root: 'Ôl bys yr holl gofnodion',
    rootHint:
      'Rhaid i bwy bynnag sy’n gweld yr un nifer o gofnodion â chi weld yr un nodau hyn. Os yw’n gweld rhai gwahanol, cadwch gopi o’r ddau: mae’n golygu bod log wedi’i ffugio wedi’i ddangos i un ohonoch.',
    registry: 'Cofrestrfa',
    test: 'Ar gyfer profion',
    testHint: 'Nid yw cofrestrfa ar gyfer profion yn diogelu neb: peidiwch â chofrestru dim go iawn yma.',
    fingerprint: 'Ôl bys y gofrestrfa',
    fingerprintHint: 'Mae ar becynnau marcio ac ar dderbynebau hefyd.',
  },
  guardians: {
    title: 'Pwy sy’n gwylio’r log',
    text: (threshold, guardians) =>
      `Rhaid i o leiaf ${amounts.format(threshold)} o’r ${amounts.format(guardians)} gwarcheidwad hyn gadarnhau pob cyflwr o’r log cyn i ddim gael ei ateb. Dylai cadarnhad diwethaf pob un fod yn llai na diwrnod oed.`,
    caption: 'Gwarcheidwaid',
    name: 'Gwarcheidwad',
    age: 'Cadarnhawyd ddiwethaf',
    fresh: 'Yn cadarnhau',
    old: 'Hŷn na diwrnod',
    missing: 'Nid y cyflwr hwn',
    ahead: 'Mae’r cloc ar y blaen',
  },
  verify: {
    title: 'Gwiriwch ef eich hun',
    text: 'Mae eich porwr yn nôl y cofnodion diweddaraf, yn cyfrifo ôl bys yr holl gofnodion ohonynt, ac yn gwirio llofnodion y gofrestrfa a’r gwarcheidwaid. Nid anfonir dim amdanoch chi.',
    count: 'Faint o’r cofnodion diweddaraf?',
    option: (count) => amounts.format(count),
    all: (count) => `Pob un o’r ${amounts.format(count)}`,
    button: 'Gwirio yn y porwr hwn',
    running: 'Wrthi’n gwirio cofnodion',
    again: 'Gwirio eto',
  },
  result: {
    title: (count) => `Wedi’u gwirio: ${entries(count)}`,
    range: (from, to) =>
      `Cofnodion ${amounts.format(from)} i ${amounts.format(to)} yw’r union rai y llofnododd y gofrestrfa amdanynt. Ni chafodd yr un ei newid, ei adael allan na’i ychwanegu.`,
    empty: 'Nid oes gan y log gofnodion eto.',
    witnesses: (names) => `Cadarnhawyd y cyflwr hwn o’r log yn ystod y diwrnod diwethaf gan ${names}.`,
    and: 'a',
    whole: 'Dyna holl gofnodion y log.',
    older: (count) =>
      `Mae’r ${entries(count)} o’u blaen wedi’u pennu gan yr un ôl bys. Mae’r llinell orchymyn yn gwirio pob un ohonynt.`,
    kindsCaption: 'Beth mae’r cofnodion hyn yn ei gofnodi',
    kind: 'Beth',
    amount: 'Faint',
    show: 'Dangos y cofnodion',
    shown: (count) => `Y ${amounts.format(count)} diweddaraf ohonynt.`,
    entriesCaption: 'Cofnodion a wiriwyd, y diweddaraf yn gyntaf',
    index: 'Rhif',
    hour: 'Pryd',
    force: 'Heddlu',
  },
  failed: {
    title: 'Methodd y log y gwiriad',
    altered:
      'Anfonodd y gofrestrfa rywbeth gwahanol i’r hyn y llofnododd amdano. Stopiodd eich porwr yno ac ni dderbyniodd ddim ohono.',
    unsigned:
      'Nid yw’r hyn y mae’r gofrestrfa yn ei ddangos fel cyflwr ei log wedi’i lofnodi fel y mae’n rhaid, neu mae dros ddiwrnod oed.',
    forked: 'Mae’r gofrestrfa yn dangos log gwahanol i’r un a ddangosodd o’r blaen. Ni all y ddau fod yn wir.',
    behind: 'Mae’r gofrestrfa yn dangos log byrrach nag a ddangosodd o’r blaen.',
    stranger: 'Nid yw’r rhestr o bwy sy’n cymryd rhan wedi’i llofnodi fel y mae’n rhaid.',
    place: 'Ble',
    unchanged: 'Beth sydd heb newid',
    unchangedText: 'Mae’r derbynebau sydd gan berchnogion yn dal i brofi’r hyn y maent yn ei ddweud.',
    next: 'Beth i’w wneud nawr',
    nextText:
      'Rhowch gynnig arall arni. Os bydd yn digwydd eto, peidiwch â dibynnu ar y gofrestrfa hon, a rhowch wybod i warcheidwad. Mae’r llinell orchymyn (blindmark audit) yn cadw’r dystiolaeth.',
  },
  kinds: {
    activation: 'Paratowyd cod ar gyfer perchennog, i’w gofrestru',
    registration: 'Cofrestriad',
    lookup: 'Chwiliodd swyddog am godau',
    match: 'Dangoswyd cofrestriad i swyddog (cyfatebiad)',
    opening: 'Agorodd dau swyddog fanylion cyswllt',
    action: 'Newidiodd perchennog gofrestriad, neu fe’i tynnodd yn ôl',
    check: 'Gofynnodd rhywun a oes adroddiad bod eitem wedi’i dwyn',
    roster: 'Newidiodd y rhestr o bwy sy’n cymryd rhan',
    revocation: 'Tynnodd heddlu fanylion adnabod swyddogion yn ôl',
    pages: 'Tudalennau newydd: newidiwyd y wefan hon',
    delayed: 'Yn gudd am y tro, fel y mae polisi heddlu yn ei ganiatáu',
    reveal: 'Dangosir cofnod a oedd yn gudd',
  },
  otherKind: (kind) => `Rhywbeth nad yw’r dudalen hon yn ei adnabod: ${kind}`,
  activity: {
    title: 'Beth a ofynnodd yr heddlu',
    text: 'Fesul heddlu a mis. Cyfatebiad yw cofrestriad a ddangoswyd i swyddog. Mae agoriad yn golygu bod dau swyddog wedi darllen sut i gyrraedd ei geidwad.',
    none: 'Nid oes yr un heddlu wedi chwilio am ddim eto.',
    force: 'Heddlu',
    allForces: 'Pob heddlu',
    lookups: 'Chwiliadau',
    hits: 'Cyfatebiadau',
    openings: 'Agoriadau',
    chartLabel: (first, last) =>
      `Siart o chwiliadau, cyfatebiadau ac agoriadau fesul mis, o ${first} i ${last}. Mae’r un rhifau yn y tabl isod.`,
    caption: (force) => `Chwiliadau, cyfatebiadau ac agoriadau: ${force}`,
    month: 'Mis',
    more: (count) => `Dangos ${amounts.format(count)} ${plural(count, { two: 'res', other: 'rhes' })} arall`,
    delayed: (count) =>
      `Mae ${entries(count)} yn gudd am y tro, fel y mae polisi heddlu yn ei ganiatáu. Mae pob un yn cyfrif yma unwaith y’i dangosir, 28 diwrnod yn ddiweddarach fan bellaf.`,
    zone: 'Misoedd Amser Cyffredinol (UTC) yw’r rhain.',
  },
  unseen: {
    title: 'Beth na all neb ei weld yma',
    text: 'Nid oes yr un cofnod yn enwi perchennog, cod, eitem na manylion cyswllt. Dim ond perchennog cofrestriad, a’r swyddogion y’i dangoswyd iddynt, all ddweud bod dau gofnod yn ymwneud ag ef.',
    command: 'Gwirio’r cyfan',
    commandText:
      'Daw’r dudalen hon oddi wrth y gofrestrfa hefyd. Os nad ydych am ddibynnu ar hynny, defnyddiwch gopi o’r tudalennau hyn y mae rhywun arall yn ei letya, neu’r llinell orchymyn. Mae’r llinell orchymyn yn gwirio pob cofnod, a hefyd mai’r tudalennau hyn yw’r rhai y mae’r log yn eu henwi. Daw’r ôl bys isod oddi wrth y gofrestrfa hon: cymharwch ef â’r un mewn pecyn marcio neu ar daflen perchennog cyn ei ddefnyddio.',
  },
};
