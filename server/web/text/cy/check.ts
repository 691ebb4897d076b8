import type { check as english } from '../en/check.ts';
import type { Strings } from '../language.ts';

export const check: Strings<typeof english> = {
  title: 'Gwirio derbynneb',
  lead: 'Mae derbynneb yn profi bod rhywbeth yn log cyhoeddus cofrestrfa cyn rhyw adeg benodol. Mae’r dudalen hon yn ei gwirio yn eich porwr. Nid yw’r dderbynneb yn cael ei hanfon i unman.',
  registry: {
    title: 'Pa gofrestrfa',
    label: 'Ôl bys y gofrestrfa',
    hint: 'Yr hyn y mae cofrestrfa yn cael ei hadnabod wrtho. Mae’r dudalen hon yn llenwi un ei chofrestrfa ei hun.',
    why: 'Pam mae’r ôl bys yn bwysig',
    reasons: [
      'Gallai unrhyw un redeg cofrestrfa fel hon ac ysgrifennu derbynebau â hi. Mae derbynneb yn werth cymaint â’r gwarcheidwaid sy’n tystio drosti, ac mae’r ôl bys yn dweud pa warcheidwaid yw’r rheini.',
      'Cymharwch ef ag un gan rywun yr ydych yn ymddiried ynddo: pecyn marcio, taflen argraffedig perchennog, heddlu. Os nad yw’r un peth, rhowch yr un yr ydych yn ymddiried ynddo.',
      'Dim ond ar gyfer cofrestrfa’r dudalen hon y gellir gwirio cod QR; gellir gwirio ffeil derbynneb ar gyfer unrhyw gofrestrfa.',
    ],
    malformed: 'Rhowch ôl bys o 43 nod: llythrennau, digidau, - a _.',
  },
  receipt: {
    title: 'Y dderbynneb',
    file: 'Ffeil y dderbynneb',
    fileHint: 'Mae ganddi enw tebyg i blindmark-receipt-12.json.',
    picture: 'Neu lun o’i chod QR',
    textSummary: 'Mae testun ei chod QR gennyf',
    text: 'Testun y cod QR',
    textHint: 'Mae’n dechrau â BLINDMARK:R1:',
    textMissing: 'Rhowch destun y cod QR.',
    verify: 'Gwirio',
  },
  verifying: 'Wrthi’n gwirio’r dderbynneb',
  offline: {
    title: 'Heb rwydwaith',
    before:
      'Mae’r gwiriwr yn cael ei lwytho gyda’r dderbynneb gyntaf. I wirio derbynebau lle nad oes rhwydwaith, llwythwch ef nawr a gadewch y dudalen hon ar agor.',
    load: 'Llwytho’r gwiriwr',
    loading: 'Wrthi’n llwytho’r gwiriwr',
    ready: 'Mae’r gwiriwr wedi’i lwytho. Mae’r dudalen hon yn gwirio derbynebau heb rwydwaith nes i chi ei gadael.',
  },
  proven: {
    title: 'Mae’r dderbynneb hon yn ddilys',
    disclosureTitle: 'Mae’r prawf hwn o gofrestriad yn ddilys',
    says: 'Yr hyn a gofnododd y log',
    hour: 'Pryd, yn ôl y log',
    before: 'Yn y log fan bellaf',
    origin: 'Y gofrestrfa, yn ôl ei henw ei hun',
    fingerprint: 'Yr ôl bys y’i gwiriwyd yn ei erbyn',
    fingerprintHint:
      'Gall unrhyw gofrestrfa ddefnyddio’r enw hwn; yr ôl bys sy’n cyfrif. Cymharwch ef ag un gan rywun yr ydych yn ymddiried ynddo.',
    entry: 'Rhif y cofnod',
    witnesses: 'Gwarcheidwaid sy’n tystio',
    kinds: {
      registration: 'Cofrestrwyd rhywbeth',
      status: 'Newidiwyd statws cofrestriad',
      replace: 'Rhoddwyd eitemau neu fanylion cyswllt newydd i gofrestriad',
      withdraw: 'Tynnwyd cofrestriad yn ôl',
      match: 'Daeth chwiliad gan yr heddlu o hyd i gofrestriad',
      opening: 'Agorodd dau swyddog fanylion cyswllt cofrestriad',
      delayed: 'Rhywbeth y mae polisi heddlu yn cuddio ei fanylion am y tro',
      reveal: 'Manylion rhywbeth a guddiwyd ar y dechrau',
      other: 'Rhywbeth nad yw’n ymwneud ag unrhyw gofrestriad',
    },
    disclosed: 'Yr hyn a gofrestrwyd',
    code: 'Cod',
    scheme: 'Math o god',
    status: 'Statws ar y pryd',
    registeredOn: 'Diwrnod y cofrestru, yn ôl cloc y perchennog',
    ownerKey: 'Allwedd gyhoeddus y perchennog',
    limitTitle: 'Yr hyn nad yw’n ei brofi',
    limits: [
      'Pa god, pa eitem neu ba berchennog y mae’n ymwneud ag ef: nid yw’r dderbynneb yn dweud. Dim ond y perchennog all ddangos hynny, â ffeil a wnaed ar gyfer hynny.',
      'Bod y cofrestriad yn dal i sefyll. Gall fod wedi’i newid neu ei dynnu’n ôl ers hynny.',
    ],
    disclosureLimits: [
      'Pwy biau’r eitemau. Hawliad yw cofrestriad, a wnaed cyn yr adeg honno; gall rhywun arall fod wedi gwneud un arall.',
      'Bod y cofrestriad yn dal i sefyll. Gall fod wedi’i newid neu ei dynnu’n ôl ers hynny.',
    ],
    test: 'Cofrestrfa ar gyfer profion yw hon. Nid yw’r hyn y mae’n ei gofnodi yn cyfrif am ddim yn unman arall.',
    again: 'Gwirio derbynneb arall',
  },
  refused: {
    unreadable: {
      title: 'Nid derbynneb yw hon',
      what: 'Ni ellir ei darllen fel derbynneb. Gall fod yn ffeil arall neu’n god QR arall, neu mae rhan ohoni ar goll.',
      next: 'Gofynnwch am y dderbynneb eto, fel ffeil os gallwch.',
    },
    otherRegistry: {
      title: 'Mae’r dderbynneb hon yn perthyn i gofrestrfa arall',
      what: 'Gall fod yn ddilys yno, ond nid yw’n profi dim am y gofrestrfa y mae ei hôl bys isod.',
      next: 'Gofynnwch i bwy bynnag a’i rhoddodd i chi o ba gofrestrfa y daw. Os ydych yn ymddiried yn honno, rhowch ei hôl bys a dewiswch ffeil y dderbynneb.',
    },
    unknownRules: {
      title: 'Ni ellir gwirio’r dderbynneb hon yma',
      what: 'Mae’n dibynnu ar set o warcheidwaid nad yw’r gofrestrfa hon yn eu henwi, neu nad yw’n eu henwi eto. Gall fod yn fwy newydd na’r hyn a ddangosodd y gofrestrfa i’r dudalen hon, neu wedi’i ffugio.',
      next: 'Peidiwch â dibynnu arni eto. Ail-lwythwch y dudalen hon a’i gwirio eto, neu gofynnwch am ffeil y dderbynneb, sy’n dod â phopeth sydd ei angen i’w gwirio.',
    },
    notGenuine: {
      title: 'Nid yw’r dderbynneb hon yn profi dim',
      what: 'Nid dyma’r hyn y tystiodd gwarcheidwaid y gofrestrfa drosto. Cafodd ei newid, neu ei ffugio.',
      next: 'Peidiwch â dibynnu arni. Gofynnwch am y dderbynneb eto, fel ffeil os gallwch, a gwiriwch honno.',
    },
    details: 'Manylion ar gyfer cymorth',
  },
  can: {
    title: 'Beth y gellir ei wirio, a chan bwy',
    head: ['Beth', 'Gan bwy', 'Beth mae’n ei ddangos'],
    receipt: {
      what: 'Derbynneb, fel ffeil neu god QR',
      who: 'Unrhyw un sy’n ei chael, ar y dudalen hon',
      shows:
        'Bod cofrestriad, neu newid i un, yn y log cyhoeddus cyn rhyw adeg benodol. Nid yw’n dangos o ba god nac o ba eitem.',
    },
    disclosure: {
      what: 'Prawf a wnaeth perchennog i ddangos cofrestriad',
      who: 'Unrhyw un sy’n ei gael, ar y dudalen hon',
      shows: 'Y cod, yr eitemau a’r statws a gofrestrwyd, a chyn pa adeg.',
    },
    stolen: {
      what: 'A yw eitem wedi’i chofrestru, ei dwyn neu ar goll',
      who: 'Dim ond heddlu sydd wedi darllen ei chod',
      shows: 'Ei chofrestriadau, y cynharaf yn gyntaf. Ni all gwerthwr na phrynwr ofyn yma.',
    },
    log: {
      what: 'Y log cyhoeddus',
      who: 'Unrhyw un, ar y dudalen “Log cyhoeddus”',
      shows:
        'Na chafodd dim ei dynnu ohono na’i ychwanegu ato heb i neb sylwi, a faint o chwiliadau y mae pob heddlu yn eu gwneud.',
    },
  },
  trust: {
    summary: 'I ba raddau i ymddiried yn y dudalen hon',
    text: 'Gallai cofrestrfa anonest ddarparu tudalen sy’n galw popeth yn ddilys. Lle mae llawer yn dibynnu arno, gwiriwch ffeil y dderbynneb â’r gorchymyn “blindmark receipt verify” ar eich cyfrifiadur eich hun, neu ar dudalennau y mae rhywun arall yn eu lletya.',
  },
};
