import type { start as english } from '../en/start.ts';
import type { Strings } from '../language.ts';

export const start: Strings<typeof english> = {
  title: 'Cofrestr o eiddo wedi’i farcio na all neb bori drwyddi',
  lead: 'Marciwch eich eiddo â chod fforensig (hylif sy’n tywynnu dan olau UV, microdotiau, engrafiad) a chofrestrwch y cod hwnnw yma.',
  about: [
    'Pan fydd yr heddlu yn adennill eitem, mae swyddog yn darllen ei chod ac yn cael gwybod a yw wedi’i chofrestru, a oes rhywun wedi rhoi gwybod ei bod wedi’i dwyn, a beth ydyw. Dim ond dau swyddog gyda’i gilydd all agor y ffordd i’ch cyrraedd, a byddwch yn gweld iddynt wneud hynny.',
    'Nid oes cyfrifon, enwau na chyfeiriadau yma, na rhestr o berchnogion. Mae eich porwr yn selio popeth gyda chymorth gwarcheidwaid annibynnol, ac ni all yr un ohonynt ei wneud ar ei ben ei hun. Felly nid oes rhestr i’w cholli, ei gollwng na’i gwerthu, ac mae pob chwiliad yn gadael ôl cyhoeddus.',
  ],
  doors: {
    title: 'Ble i fynd',
    owner: 'Cofrestrwch farc, gwelwch pwy a chwiliodd amdano, rhowch wybod ei fod wedi’i ddwyn neu ar goll.',
    police:
      'Chwiliwch am godau a ddarllenwyd oddi ar eitemau a adenillwyd. Mae angen manylion adnabod gan eich heddlu.',
    check: 'Gwiriwch dderbynneb y mae rhywun yn ei dangos i chi, heb rwydwaith os oes angen.',
    log: 'Faint o chwiliadau y mae pob heddlu yn eu gwneud, a’r prawf nad oes yr un wedi’i adael allan.',
  },
  table: {
    title: 'Pwy all weld beth',
    head: ['Pwy', 'Yn gallu gweld', 'Ni all byth weld'],
    owner: {
      who: 'Chi, y perchennog',
      sees: 'Popeth am eich cofrestriadau eich hun, a phob tro y daeth yr heddlu o hyd i un neu ei agor',
      never: 'Perchnogion eraill; a yw rhywun arall wedi cofrestru’r un cod',
    },
    officer: {
      who: 'Swyddog heddlu sydd wedi darllen cod',
      sees: 'A yw wedi’i gofrestru, a yw wedi’i ddwyn neu ar goll, a beth yw’r eitemau; sut i gyrraedd y ceidwad pan fydd ail swyddog yn cytuno',
      never: 'Dim am god nad yw’n ei wybod',
    },
    registry: {
      who: 'Pwy bynnag sy’n rhedeg y gofrestrfa',
      sees: 'Data wedi’i selio, ac o bob cofrestriad ei ddiwrnod a’i statws',
      never: 'Codau, eitemau, perchnogion, manylion cyswllt',
    },
    guardian: {
      who: 'Y gwarcheidwaid: sefydliadau annibynnol sy’n gorfod ateb gyda’i gilydd',
      sees: 'Am faint o godau y gofynnwyd, â pha fanylion adnabod, ar gyfer pa achos wedi’i sgramblo, a phryd',
      never: 'Codau, canlyniadau, perchnogion',
    },
    vendor: {
      who: 'Gwerthwr y pecyn marcio',
      sees: 'Pa godau a wnaeth, a pha becynnau a actifadwyd',
      never: 'Pwy a actifadodd becyn; a yw cod wedi’i gofrestru',
    },
    thief: {
      who: 'Lleidr sydd â holl ddata’r gofrestrfa, ond ag allweddi rhy ychydig o warcheidwaid',
      sees: 'Dim a fyddai hyd yn oed yn dweud a yw dyfaliad yn gywir',
      never: 'Popeth uchod',
    },
    everybody: {
      who: 'Pawb',
      sees: 'Y log cyhoeddus: faint o chwiliadau ac agoriadau y mae pob heddlu yn eu gwneud',
      never: 'Codau, eitemau, perchnogion; pa gofnodion sy’n ymwneud â’r un cofrestriad',
    },
  },
  limits: {
    title: 'Yr hyn na all ei wneud',
    list: [
      'Nid yw’n profi pwy biau peth. Hawliad yw cofrestriad, â phrawf o bryd y’i gwnaed. Gall dau berson gofrestru’r un cod; bydd yr heddlu wedyn yn gweld y ddau, y cynharaf yn gyntaf.',
      'Nid yw’n dod o hyd i ddim. Rhaid i rywun adennill yr eitem a darllen ei chod.',
      'Ni all neb ailosod eich ymadrodd adfer. Heb yr ymadrodd a heb eich cist ni allwch byth newid cofrestriad na’i dynnu’n ôl eto.',
      'Os bydd digon o warcheidwaid a’r gofrestrfa yn dod ynghyd, neu os torrir i mewn iddynt i gyd, gallant roi cynnig ar ddyfaliadau. Mae codau hir a wnaed ar hap yn gwrthsefyll hynny; nid yw rhifau byr na rhifau cyfresol yn gwneud hynny.',
      'Gallai swyddog sydd wedi chwilio am eich cod unwaith, gyda chymorth cofrestrfa anonest, edrych ar y cofrestriad hwnnw eto heb i neb weld.',
      'Gall dau swyddog o’r un heddlu gytuno i wneud drwg. Byddwch yn gweld yr agoriad yn eich hanes, ond dim ond wedyn, 28 diwrnod yn ddiweddarach fan bellaf.',
      'Gallai pwy bynnag sy’n gallu gwylio traffig y gwerthwr a’r gofrestrfa fel ei gilydd gysylltu pryniant â chofrestriad yn ôl ei amser.',
      'Daw’r tudalennau hyn o’r gofrestrfa, a gallai un anonest ddarparu tudalennau wedi’u newid. Ar gyfer hynny mae llinell orchymyn a thudalennau sy’n cael eu lletya gan eraill; mae’r log cyhoeddus yn dweud pa dudalennau yw’r rhai cywir.',
    ],
  },
  privacy: {
    title: 'Beth mae’r wefan hon yn ei gadw, a beth mae’n ei anfon',
    none: 'Nid oes cwcis na dadansoddi, ac nid oes tudalen, sgript na llun yn dod oddi wrth neb ond gwesteiwr y wefan hon.',
    keptTitle: 'Wedi’i gadw yn y porwr hwn',
    kept: [
      'Yr iaith a ddewisoch.',
      'Perchnogion: eich cist, os gwnewch un. Mae wedi’i selio o dan eich cyfrinymadrodd; hebddo ni all neb ei darllen, na ninnau chwaith.',
      'Heddlu: eich allwedd tra byddwch wedi mewngofnodi, a darlleniadau a chanlyniadau eich achosion, wedi’u selio ar gyfer yr un manylion adnabod. Maent yn aros am 30 diwrnod ar ôl i’r rheini ddod i ben, ac yn cael eu dileu pan fydd swyddog yn mewngofnodi yma wedi hynny.',
    ],
    sentTitle: 'Wedi’i anfon i rywle arall',
    sent: [
      'At y gofrestrfa: gwerthoedd wedi’u selio a’u sgramblo, statws cofrestriad, a manylion adnabod swyddog. Nid oes cod, eitem, manylion cyswllt, ymadrodd, cyfrinymadrodd na chyfeirnod achos yn gadael eich porwr ar ffurf y gallai neb ei darllen ar y ffordd.',
      'At wasanaeth y gwerthwr: eich allwedd actifadu, pan fyddwch yn ei defnyddio. Mae’r gwasanaeth yn cael gwybod bod y pecyn wedi’i actifadu, ond nid ar gyfer pa god.',
      'Fel pob gwefan, mae’r gwasanaethau hyn yn gweld eich cyfeiriad rhwydwaith tra byddwch wedi cysylltu. Nid yw rhaglenni Blindmark yn ei gofnodi.',
    ],
    deleteTitle: 'I’w ddileu',
    delete:
      'Perchnogion: “Tynnu’r gist o’r porwr hwn”, ar eich tudalen. Heddlu: dilëwch yr achos, ac allgofnodwch. Neu cliriwch ddata’r wefan hon yng ngosodiadau eich porwr. Mae’r hyn sydd wedi’i gofrestru yn aros wedi’i gofrestru.',
    back: 'Yn ôl i’r dechrau',
  },
};
