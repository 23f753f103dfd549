"""Words that tell a business from a person, and first names that are common.

Data of `customer_kinds`, written by hand. A word that is a surname as often as a trade (Church,
Mason, Young) is in `ALSO_SURNAMES` and counts only where nothing says "person".
"""


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


LEGAL_FORMS = _words(
    """
    inc incorporated llc llp lllp ltd limited corp corporation co company plc pllc gmbh ag kg ug
    ohg sa sarl sas srl spa bv nv oy ab aps pty pte lp pa dba d/b/a ltda kft sro ev pc
    cooperative coop unlimited holdings trust foundation
    """
)
"""Written without dots: "L.L.C." is read as "llc". "pa" and "pc" count only at the end."""

ONLY_AT_THE_END = _words("pa pc sa ag ab lp bv nv ev spa")

BUSINESS_WORDS = _words(
    """
    academy accessories account accountants accounting acoustics adjusters administration
    administrators advertising advisors advisory aerospace affiliates agencies agency aggregates
    agricultural air airlines airport airways alarm alliance amusement analytics antiques
    apartments apparel appliance appliances appraisals aquatics arborists arcade architects
    architectural architecture arena armory art arts asphalt assembly assessment assoc
    associated associates association athletics attorneys auction auctions audio authority auto
    automation automotive autos aviation bakery balancing bancorp bancshares bank banking
    banquets baptist bar barbers basilica beauty beer beverage beverages bistro board boat
    boiler bookkeeping books bookstore boutique bowling brands brewery brewing bricks brokerage
    brokers brothers bros broadcasting builders building buildings bureau business butchers
    cabinet cabinetry cabinets cable cafe campus candy capital care caretakers carpet carpeting
    carpets cars cartage casino catering cathedral cattle cemetery center centers central centre
    ceramics chamber chapel charities charity charter chemical chemicals chimney chiropractic
    christian church churches cinema citizens city clean cleaners cleaning clinic clinical
    clinics clothing club coalition coatings coffee collaborative collection collections
    collective college commerce commercial commission committee communications communities
    community computer computers computing concrete condominium condominiums conference
    congregation conservancy consortium constructing construction constructors consultancy
    consultants consulting contracting contractors contractor controls convenience cooling copy
    cosmetics council counseling counsel county courier court crafts creations creative creamery
    credit cruises cuisine custom cycles dairy dance data dealers deli delivery demolition
    dental dentistry department depot design designers designs detailing detective developers
    development developments diagnostics diesel digital diner direct discount displays
    distribution distributing distributors district diversified division dock dollar drilling
    drive-in drugs drywall dynamics eatery economic editions education educational elderly
    electric electrical electricians electronics elementary elevator elevators embassy emergency
    employees endowment energy engineering engineers enterprise enterprises entertainment
    environment environmental episcopal equipment equities equity escrow essentials
    establishment estates events evangelical excavating excavation exchange exhaust expo export
    express exteriors exterminating eyewear fabrication fabricators fabrics facilities facility
    factory fashion fashions federal federation fellowship fence fencing fiber film films
    finance financial fire firm fish fisheries fitness fleet floor flooring floors florist
    florists food foods forest forestry forum foundry framing franchise freight friends fuel
    fuels fund funding funds funeral furnishings furniture gallery games garage garages garden
    gardens gas gear general gifts girls glass global golf goods government graphics greenhouse
    greenhouses grid grill grocers grocery group groups growers guard guild gutters gym habitat
    handyman harbor hardware headquarters health healthcare heating helicopters heritage high
    hoa holding home homes horticulture hospice hospital hospitality hospitals hotel hotels
    housing hvac hydraulics icecream imaging imports improvement improvements incubator
    independent industrial industries industry infrastructure inn innovations innovative
    insights inspection inspections installation installations installers institute institutes
    institution instruments insulation insurance insurers integrated intelligence interactive
    interior interiors international interstate inventory investment investments investors
    irrigation jewelers jewelry joint joinery journal junction karate kennel kennels
    kindergarten kitchen kitchens lab laboratories laboratory labs laborers labor laminates
    landscape landscapes landscaping languages laser laundry law lawn leadership league learning
    leasing legal legion library licensing lighting limousine liquor liquors llc loans local
    locksmith locksmiths lodge logistics lounge lumber lutheran machine machinery magazine mail
    mailing maintenance mall management managers manufacturing marina marine maritime market
    marketing markets marketplace masonry materials meats mechanical mechanics media mediation
    medical medicine memorial merchandise merchandising merchants metal metals metalworks
    methodist metropolitan micro midwest mill mills mine minerals mining ministries ministry
    mission mobile mobility modular monastery monuments mortgage mosque motel motor motors
    mountain movers moving municipal museum music mutual nail nails national nations naturals
    nation network networks news nightclub nonprofit nursery nurseries nursing nutrition office
    offices oil optical optics optometry orchards orchestra order organic organisation
    organization orthodontics orthopedics outdoor outfitters outlet outreach oven pac packaging
    packers packing paint painters painting paper parish park parking parks parlor partners
    partnership parts party pastry pathology patio pavers paving payments pediatric pediatrics
    performance pest pet petroleum pets pharmaceuticals pharmacy philharmonic phone photo
    photography physicians pictures pipe pipeline pizza pizzeria plaster plastering plastic
    plastics platform plaza plumbers plumbing police political pool pools port post pottery
    power precision premier presbyterian preschool preservation press pressure print printers
    printing process processing produce producers product production productions products
    professional professionals program programs project projects promotions properties property
    protection provisions pub public publications publishers publishing pump pumps quality
    quarry radio radiology railroad railway ranch ranches ready real realtors realty rebuilders
    recreation recreational recruiting recruitment recycling refinishing refrigeration regional
    rehab rehabilitation remodeling renovation renovations rental rentals repair repairs
    republican democratic rescue research reserve residence residences residential resort
    resources restaurant restaurants restoration retail retirement revenue review revolution
    rigging roasters robotics rodeo roofers roofing rooter rugs safety salon salons salvage
    sanctuary sanitation satellite savings scaffolding school schools science sciences
    scientific seafood sealcoating security seminary senior septic sermon service services
    servicing sewer shelter sheriff shipping shipyard shop shoppe shops shopping siding signs
    silver site skating ski society software solar solutions sons sound spa specialists
    specialties sporting sports sprinkler sprinklers staffing stables stadium state station
    stations steakhouse steel stone stoneworks storage store stores strategic strategies street
    structures studio studios subcontractors subdivision suites supermarket supplies supply
    support surfacing surgeons surgery surgical surveillance surveying surveyors sustainable
    sweeping swim synagogue synergy system systems tailors tan tanning target tattoo tavern tax
    taxi team teachers tech technical technologies technology telecom telephone television
    temple tennis termite terminals testing textiles theater theatre therapeutics therapy thrift
    tile tiles tiling tire tires title tobacco tool tools tours towing town towers township toys
    tractor trade traders trading traffic trailer trailers training transfer transit
    transmission transport transportation travel tree trees trucking trucks tutoring typesetting
    uniforms union united universal university upholstery urgent usa utilities utility vacations
    valet vending ventilation ventures veterans veterinarian veterinary video village vineyard
    vineyards vision vocational volunteer voters wallpaper warehouse warehouses washing waste
    watches water waterproofing wealth web website welding wellness wholesale wholesalers window
    windows wine winery wireless woodwork woodworking woodworks workers works workshop workshops
    world worldwide wrecking yacht yachts yard yoga youth zoo zoning bau betrieb elektro
    installateur sanitär heizung dachdecker malerbetrieb schreinerei werkstatt boulangerie
    restaurante ristorante hôtel clínica empresa empresas constructora construcciones servicios
    transportes inmobiliaria
    """
)

ALSO_SURNAMES = _words(
    """
    art bank bar bell board book brooks butchers capital chapel church city clean collier court
    creamer dock drew drive english farm field fish fisher floor ford forest france friend
    friends garden gardener glass golden grace guard hall harbor heritage hill hope house inn
    king kitchen lake land law lawn mason metal mill mills mine miner moody moore mountain motor
    music nail park parker parks parish patio pet pool pope port post power press price print
    public ranch ready reserve rich rose sales salon savage school senior shop silver singer
    site smith sons spa state stone street stores swim tailor tailors tan temple tool town
    towers trees tree union village vineyard wall water waters well wells white wine wise wood
    woods works world yard young
    """
)

JOINING_WORDS = _words(
    """
    of for the at in on by to from with und für der die das del des dell' y pour aux behalf
    against our your my their its
    """
)
"""A person's name has none of these: "of" (but "de", "van", "von", "el" are in names)."""

PARTICLES = _words("der den des das del dell' zu zum")
"""Of those, what stands inside a surname after a first name or another particle."""

PARTICLES_THAT_BEGIN = _words("van von de auf op uit aus del di da dos")
"""What a surname of several words begins with."""

EASTERN_BUSINESS = _words(
    """
    公司 有限 股份 集团 集團 企业 企業 会社 會社 商店 商行 商会 工厂 工廠 工業 工业 建設 建设
    餐厅 餐廳 酒店 饭店 飯店 医院 醫院 病院 学校 學校 大学 大學 银行 銀行 中心 协会 協會 協会
    店 堂 社 组合 組合 회사 상사 은행 병원 학교 교회 식당 건설 산업 전자 호텔 협회
    """
)
"""What a name in Chinese, Japanese or Korean writing has if it is a business's."""

TITLES = _words(
    """
    mr mrs ms miss mx dr drs doctor prof professor rev reverend hon sir madam madame lady lord
    judge senator representative congressman congresswoman capt captain sgt lt col maj gen herr
    frau señor señora sr. sra don doña mme mlle monsieur pastor rabbi father sister brother
    """
)

AFTER_A_NAME = _words(
    """
    jr sr ii iii iv v md dds dmd do dc phd esq esquire cpa rn od dvm jd mba dpm pe bsn lncc ret
    usn
    """
)

FREE_MAIL = _words(
    """
    gmail.com googlemail.com yahoo.com yahoo.co.uk yahoo.ca yahoo.com.au ymail.com
    rocketmail.com hotmail.com hotmail.co.uk hotmail.fr outlook.com live.com live.co.uk msn.com
    icloud.com me.com mac.com aol.com protonmail.com proton.me pm.me gmx.com gmx.de gmx.net
    web.de mail.com zoho.com fastmail.com comcast.net verizon.net att.net sbcglobal.net
    bellsouth.net cox.net charter.net earthlink.net optonline.net btinternet.com sky.com
    virginmedia.com talktalk.net ntlworld.com bigpond.com bigpond.net.au optusnet.com.au
    xtra.co.nz rogers.com shaw.ca telus.net sympatico.ca orange.fr free.fr wanadoo.fr
    t-online.de hey.com yandex.com mail.ru qq.com 163.com
    """
)

ROLE_MAILBOXES = _words(
    """
    accounts accounting accountspayable accounts.payable ap ar admin administrator billing
    bookkeeper bookkeeping contact enquiries finance frontdesk hello help info inquiries invoice
    invoices mail maintenance manager management office operations orders payables purchasing
    reception sales service services support team
    """
)

FIRST_NAMES = _words(
    """
    aaron abigail adam adrian aisha alan albert alejandro alex alexander alexandra alfred ali
    alice alison allen amanda amber amy ana andrea andreas andrew angela anita ann anna anne
    annie anthony antonio april arthur ashley audrey barbara beatrice ben benjamin bernard beth
    betty bill billy bob bobby bonnie brad bradley brandon brenda brian bruce bryan caitlin
    cameron carl carla carlos carmen carol caroline carolyn carrie catherine charlene charles
    charlie charlotte chelsea cheryl chris christian christina christine christopher cindy
    claire clara clarence claudia colin connie craig crystal curtis cynthia daisy dale dan dana
    daniel danielle darren dave david dawn dean deborah debra denise dennis derek diana diane
    diego dolores don donald donna doris dorothy douglas dylan earl ed eddie edith eduardo
    edward edwin eileen elaine eleanor elena elizabeth ella ellen elsa emily emma eric erica
    erik erin ernest esther ethan eugene eva evan evelyn faith fatima fernando florence frances
    francesca francis francisco frank franklin fred frederick gabriel gail gary gene geoffrey
    george gerald gina giovanni glen glenn gloria gordon grace graham grant greg gregory guy
    hannah hans harold harry harvey hassan hazel heather hector heidi helen henry herbert holly
    howard hugh ian ibrahim ines irene isaac isabel isabella ivan jack jackie jackson jacob
    jacqueline jaime jake james jamie jan jane janet janice jasmine jason javier jay jean jeanne
    jeff jeffrey jen jennifer jenny jeremy jerome jerry jesse jessica jesus jill jim jimmy joan
    joanna joanne joe joel johann johanna john johnny jon jonathan jordan jorge jose joseph
    josephine joshua joyce juan juanita judith judy julia julian julie june justin karen karl
    kate katherine kathleen kathryn kathy katie kay keith kelly ken kenneth kevin kim kimberly
    klaus kristen kristin kurt kyle larry laura lauren laurence lawrence leah lee leo leon
    leonard leroy leslie lewis liam lillian lily linda lisa lloyd lois lorenzo lori louis louise
    lucas lucia lucy luis luke lynn madison malcolm manuel marc marcus margaret maria marie
    marilyn marina mario marion marjorie mark marlene marta martha martin marvin mary mason matt
    matthew maureen maurice max megan melanie melissa melvin michael michelle miguel mike
    mildred milton miriam mohamed mohammed molly monica morgan muhammad nancy naomi natalia
    natalie natasha nathan neil nicholas nick nicola nicole nina noah noel nora norma norman
    olga oliver olivia omar oscar pamela patricia patrick paul paula pauline pedro peggy penny
    pete peter philip phillip phyllis pierre priya rachel ralph ramon randy raul ray raymond
    rebecca regina rhonda ricardo richard rick rita rob robert roberta roberto robin rodney
    roger roland ron ronald rosa rose rosemary ross roy ruben russell ruth ryan sally sam
    samantha samuel sandra sara sarah scott sean sebastian sergio seth shane shannon sharon
    shawn sheila shelley sherry shirley simon sofia sonia sophia sophie stacey stan stanley
    stella stephanie stephen steve steven stuart sue susan suzanne sylvia tamara tammy tanya
    tara ted teresa terry theodore theresa thomas tiffany tim timothy tina todd tom tommy toni
    tony tracy travis trevor tyler valerie vanessa vera vernon veronica vicki victor victoria
    vincent violet virginia vivian walter wanda warren wayne wendy wesley will william willie
    xavier yolanda yvonne zachary zoe
    """
)
