package suite

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"strings"
	"unicode/utf8"
)

// Lengths of the data sets.
const (
	jsonSize  = 194056 // octets, and characters
	imageSize = 263222
	proseSize = 222218
	pageSize  = 263620 // characters, in 263647 octets
	pdfSize   = 1042328
)

// dice makes the same numbers for the same seed, wherever it runs.
type dice struct{ *rand.PCG }

func newDice(d DataSet) dice { return dice{rand.NewPCG(6455, uint64(d))} }

// n returns a number from 0 to k-1.
func (d dice) n(k int) int { return int(d.Uint64() % uint64(k)) }

// one returns an element of list, those at the start more often.
func one[T any](d dice, list []T) T {
	n := len(list)
	return list[min(d.n(n), d.n(n))]
}

// pick returns an element of list.
func pick[T any](d dice, list []T) T { return list[d.n(len(list))] }

// An outcome is an entry of the report that the JSON and Page sets show.
type outcome struct {
	id              string
	behavior        Verdict
	close           Verdict
	code            string
	duration        int
	section, number int
}

// outcomes makes up a report of how a peer did.
func outcomes(d dice) []outcome {
	var all []outcome
	for i, n := range []int{16, 11, 7, 10, 20, 145, 37, 0, 54, 1, 0, 90, 126} {
		for j := range n {
			o := outcome{behavior: OK, close: OK, code: "1000", duration: 1 + d.n(3), section: i + 1, number: j + 1}
			o.id = fmt.Sprintf("%d.%d.%d", i+1, 1+j/18, 1+j%18)
			switch d.n(20) {
			case 0:
				o.behavior = one(d, []Verdict{NonStrict, Informational, Failed})
			case 1:
				o.close = one(d, []Verdict{Failed, Unclean, WrongCode})
			case 2, 3:
				o.code = one(d, []string{"null", "1002", "1007", "1001"})
			case 4:
				o.duration = d.n(2000)
			}
			all = append(all, o)
		}
	}
	return all
}

// makeJSON makes a result file: agent -> case -> verdicts.
func makeJSON() []byte {
	d := newDice(JSON)
	var b bytes.Buffer
	b.WriteString("{")
	const end = "\n   }\n}\n"
	for agent := 0; ; agent++ {
		name := fmt.Sprintf("echo%d", agent+1)
		for i, o := range outcomes(d) {
			var e strings.Builder
			switch {
			case i > 0:
				e.WriteString(",")
			case agent > 0:
				e.WriteString("\n   },")
			}
			if i == 0 {
				fmt.Fprintf(&e, "\n   %q: {", name)
			}
			fmt.Fprintf(&e, "\n      %q: {\n         \"behavior\": %q,\n         \"behaviorClose\": %q,\n", o.id, o.behavior, o.close)
			fmt.Fprintf(&e, "         \"duration\": %d,\n         \"remoteCloseCode\": %s,\n", o.duration, o.code)
			fmt.Fprintf(&e, "         \"reportfile\": \"%s_case_%s.json\"\n      }", name, strings.ReplaceAll(o.id, ".", "_"))
			if b.Len()+e.Len()+len(end) > jsonSize {
				b.WriteString(strings.Repeat("\n", jsonSize-len(end)-b.Len()))
				b.WriteString(end)
				return b.Bytes()
			}
			b.WriteString(e.String())
		}
	}
}

// makePage makes the table of a report in HTML, with a list of what was done below.
func makePage() []byte {
	d := newDice(Page)
	agents := []string{"echo1", "echo2", "echo3"}
	var b strings.Builder
	b.WriteString("<!DOCTYPE html>\n<html>\n<head>\n<meta charset=\"utf-8\">\n<title>Report \u00b7 \u2013</title>\n</head>\n<body>\n<table class=\"agents\">\n")
	var columns [][]outcome
	for range agents {
		columns = append(columns, outcomes(d))
	}
	section := 0
	for i, o := range columns[0] {
		if o.section != section {
			section = o.section
			fmt.Fprintf(&b, "<tr class=\"section\"><th colspan=\"%d\">Section %d</th></tr>\n", 1+2*len(agents), section)
		}
		fmt.Fprintf(&b, "<tr>\n<td class=\"case\"><a href=\"#case_%s\">Case %s</a></td>\n", id(o), o.id)
		for j, agent := range agents {
			writeCells(&b, agent, columns[j][i])
		}
		b.WriteString("</tr>\n")
	}
	b.WriteString("</table>\n")

	// Twelve characters of three octets here, and the two above: 27 octets more than characters.
	const end = "</body>\n</html>\n"
	left := pageSize - len(end) - utf8.RuneCountInString(b.String())
	n := 0
	for i := 0; ; i++ {
		o := columns[0][i%len(columns[0])]
		dash := "-"
		if n < 12 {
			dash, n = "\u2013", n+1
		}
		e := fmt.Sprintf("<h3 id=\"case_%s\">Case %s</h3>\n<p>Send %s %s of %d octets %s the peer %s.</p>\n", id(o), o.id,
			one(d, []string{"a text", "a binary", "one", "another"}), one(d, []string{"message", "frame", "ping", "fragment"}),
			d.n(300), dash, one(d, []string{"sends it back", "fails the connection", "answers with a pong", "is silent"}))
		size := utf8.RuneCountInString(e)
		if size > left {
			b.WriteString(strings.Repeat("\n", left))
			b.WriteString(end)
			return []byte(b.String())
		}
		b.WriteString(e)
		left -= size
	}
}

func id(o outcome) string { return strings.ReplaceAll(o.id, ".", "_") }

// writeCells writes the two cells that an agent has in a row of the table.
func writeCells(b *strings.Builder, agent string, o outcome) {
	class := strings.ToLower(string(o.behavior))
	fmt.Fprintf(b, "<td class=\"%s\"><a href=\"%s_case_%s.html\">%s</a><br><span>%d ms</span></td>", class, agent, id(o), o.behavior, o.duration)
	fmt.Fprintf(b, "<td class=\"close %s\"><span>%s</span></td>\n", strings.ToLower(string(o.close)), o.code)
}

// makeProse makes up prose and verse in German, after a byte order mark.
func makeProse() []byte {
	d := newDice(Prose)
	var b bytes.Buffer
	b.WriteString("\ufeffDIE ALTEN WEGE\n\nEin Buch in vielen Teilen\n\n")
	for b.Len() < proseSize {
		if d.n(3) == 0 {
			writeVerse(&b, d)
		} else {
			writeParagraph(&b, d)
		}
		b.WriteString("\n")
	}
	// Nothing is cut inside a character, and the last line is one.
	text := b.Bytes()
	n := proseSize - 1
	for !utf8.RuneStart(text[n]) {
		n--
	}
	return append(text[:n:n], strings.Repeat("\n", proseSize-n)...)
}

// writeParagraph writes sentences in lines of some 70 characters.
func writeParagraph(b *bytes.Buffer, d dice) {
	column := 0
	for range 3 + d.n(8) {
		for w := range strings.FieldsSeq(sentence(d)) {
			n := utf8.RuneCountInString(w)
			switch {
			case column+1+n > 70:
				b.WriteString("\n")
				column = 0
			case column > 0:
				b.WriteString(" ")
				column++
			}
			b.WriteString(w)
			column += n
		}
	}
	b.WriteString("\n")
}

// writeVerse writes stanzas of four lines.
func writeVerse(b *bytes.Buffer, d dice) {
	for range 1 + d.n(4) {
		for line := range 4 {
			b.WriteString("  " + clause(d) + []string{",", ";", ",", "."}[line] + "\n")
		}
		b.WriteString("\n")
	}
}

// sentence makes a sentence of one clause or two.
func sentence(d dice) string {
	s := clause(d)
	r, size := utf8.DecodeRuneInString(s)
	s = strings.ToUpper(string(r)) + s[size:]
	for d.n(2) == 0 {
		s += ", " + pick(d, joins) + " " + clause(d)
	}
	return s + one(d, []string{".", ".", "!", "?", ":"})
}

// clause makes a clause: a subject, a verb, and what goes with them.
func clause(d dice) string {
	words := []string{subject(d), verb(d)}
	for d.n(5) > 1 {
		words = append(words, pick(d, particles))
	}
	if d.n(2) == 0 {
		words = append(words, pick(d, adverbs))
	}
	if d.n(4) > 0 {
		words = append(words, pick(d, places), place(d))
	}
	if d.n(3) == 0 {
		words = append(words, "und", verb(d), pick(d, adverbs))
	}
	return strings.Join(words, " ")
}

// subject makes what does something in a clause.
func subject(d dice) string {
	switch d.n(6) {
	case 0:
		return pick(d, pronouns)
	case 1, 2, 3:
		return person(d)
	}
	article, name := noun(d)
	if d.n(2) == 0 {
		return article + " " + adjective(d) + "e " + name
	}
	return article + " " + name
}

// place makes what follows a preposition with the dative.
func place(d dice) string {
	article, name := noun(d)
	article = map[string]string{"der": "dem", "die": "der", "das": "dem"}[article]
	switch d.n(6) {
	case 0, 1:
		return article + " " + adjective(d) + "en " + name
	case 2, 3, 4:
		return article + " " + name + " von " + person(d)
	}
	return article + " " + name
}

// person makes up a name.
func person(d dice) string {
	s := ""
	for range 2 + d.n(2) {
		s += pick(d, onsets) + pick(d, vowels)
	}
	return strings.ToUpper(s[:1]) + s[1:] + pick(d, codas)
}

// verb makes a verb. Some have a prefix.
func verb(d dice) string {
	if d.n(2) == 0 {
		return pick(d, verbPrefixes) + pick(d, verbs)
	}
	return pick(d, verbs)
}

// adjective makes the stem of an adjective. Some are two in one.
func adjective(d dice) string {
	if d.n(3) == 0 {
		return pick(d, stems) + pick(d, stems)
	}
	return pick(d, stems)
}

// noun makes a noun and its article. Some have another noun in front.
func noun(d dice) (article, name string) {
	article, name, _ = strings.Cut(pick(d, nouns), " ")
	if d.n(3) == 0 {
		_, front, _ := strings.Cut(pick(d, nouns), " ")
		name = strings.TrimSuffix(front, "e") + one(d, []string{"", "s", "en", "es"}) + strings.ToLower(name)
	}
	return article, name
}

// Words of the prose. They are given as text to be short.
var (
	nouns = strings.Split(`der Tag,die Nacht,der Mann,die Frau,das Haus,der Weg,die Welt,das Herz,der Wald,die Hand,das Wasser,der Himmel,`+
		`die Zeit,das Licht,der Wind,die Erde,das Kind,der Abend,die Stadt,das Feld,der Garten,die Sonne,das Meer,der Mond,die Seele,das Dorf,`+
		`der Morgen,die Straße,das Feuer,der Fluss,die Mutter,das Fenster,der Vater,die Tür,das Wort,der Berg,die Blume,das Land,der Vogel,`+
		`die Liebe,das Auge,der Stein,die Mauer,das Leben,der König,die Stimme,das Lied,der Bruder,die Schwester,das Schiff,der Schnee,`+
		`die Brücke,das Tal,der Regen,die Wolke,das Schwert,der Sturm,die Quelle,das Pferd,der Wagen,die Treppe,das Tor,der Turm,die Glocke,`+
		`das Dach,der Hof,die Kammer,das Brot,der Wein,die Tafel,das Buch,der Brief,die Feder,das Bild,der Spiegel,die Kerze,das Zimmer,`+
		`der Schatten,die Stille,das Grab,der Friede,die Freude,das Leid,der Schmerz,die Hoffnung,das Glück,der Traum,die Wahrheit,das Recht,`+
		`der Richter,die Sache,das Volk,der Diener,die Herrin,das Gold,der Kaufmann,die Ware,das Geld,der Markt,die Mühle,das Korn,der Bauer,`+
		`die Wiese,das Vieh,der Hirte,die Herde,das Lamm,der Hund,die Katze,das Nest,der Zweig,die Wurzel,das Blatt,der Stamm,die Frucht`, ",")

	stems = strings.Split("alt,groß,klein,gut,jung,still,dunkel,hell,schön,lang,kalt,warm,fremd,tief,weiß,schwarz,rot,grün,blau,müd,"+
		"einsam,heilig,ewig,wild,sanft,stolz,arm,reich,treu,frei,leer,voll,rasch,schwer,leicht,hart,weich,bitter,süß,"+
		"herrlich,traurig,fröhlich,mächtig,vergessen,verloren,verborgen,gewaltig,freundlich,endlos,silbern,golden,zerbrochen", ",")

	verbs = strings.Split("ist,war,geht,steht,kommt,liegt,sieht,hört,spricht,lacht,weint,wartet,schläft,wacht,singt,schweigt,ruht,"+
		"lebt,stirbt,träumt,glaubt,hofft,sucht,findet,kehrt,wandert,bleibt,fällt,steigt,sinkt,leuchtet,brennt,fließt,rauscht,"+
		"ruft,fragt,denkt,weiß,kennt,liebt,fürchtet,bricht,wächst,blüht,schwindet,zittert,zieht,eilt,flieht,tanzt,klagt,dankt,"+
		"betet,kämpft,siegt,verliert,gewinnt,dient,herrscht,irrt,lernt,vergisst,erinnert,schwebt,funkelt,dämmert", ",")

	adverbs = strings.Split("nicht,noch,schon,immer,nun,hier,dort,wieder,nie,still,lange,heute,gern,bald,allein,zuletzt,einmal,"+
		"langsam,plötzlich,vergebens,niemals,abermals,draußen,drinnen,oben,unten,überall,nirgends,vielleicht,gewiss,kaum,"+
		"beinahe,endlich,sogleich,leise,laut,fern,nahe,heimlich,tapfer,wunderbar,umsonst,seither,damals,dereinst", ",")

	pronouns     = strings.Split("er,sie,es,man,wer,niemand,jeder,einer,alles,nichts,das,dieser,jener,mancher", ",")
	places       = strings.Split("in,an,auf,mit,von,zu,bei,nach,aus,unter,über,vor,hinter,neben,zwischen,seit", ",")
	verbPrefixes = strings.Split("be,ent,er,ver,zer,über,unter,wider,miss,ge", ",")
	joins        = strings.Split("und,aber,denn,doch,wie,wenn,als,weil,dass,oder,sondern,obwohl,damit,bis,während,ehe", ",")
	onsets       = strings.Split("b,br,d,f,fr,g,gr,h,k,kl,l,m,n,r,s,sch,st,t,w,z,p,j", ",")
	vowels       = strings.Split("a,e,i,o,u,au,ei,ie,ö,ü,al,an,el,er,ir,on,ur", ",")
	codas        = strings.Split("l,n,r,s,t,m,nd,rt,lf,ng,ck,bert,win,mund,rich,gard,a,e,i", ",")

	particles = strings.Split("ja,so,da,wohl,nur,auch,zwar,gar,sehr,hin,her,mir,dir,ihm,ihn,uns,euch,mich,dich,sich,doch,ach,oft,"+
		"je,fast,bloß,eh,nein,fort,los,halt,mal,ob,zu,ins,ums,am,vom,zum,zur,beim,durch,um,ab,mit,weg,gut,mehr,viel,ganz,so,eben,"+
		"kurz,weit,spät,früh,jetzt,sonst,ihr,wir,ich,du,dann,dort,just,traun,fein,flugs,stets,quer,rings,kühn,bang,matt,nah", ",")
)
