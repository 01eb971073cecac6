package corpus

import (
	"encoding/binary"
	"fmt"
	"math"
	"math/rand/v2"
	"strconv"
	"strings"
)

// words are roughly in the order of how often prose has them.
var words = strings.Fields(`the to and a of I you is it that in for on was this with but have not be
	are we they can so do at just if my what there as all he she like one or will me about your from
	when then would know out get up more how no by think go now see time been some want people good
	really because did them who make back here could which than well way even need still very over
	only thing into right after work too day other where should take any much come first going look
	before two why again same never last many something find give week maybe today tomorrow morning
	meeting server update please thanks sorry question answer problem release version build test
	deploy branch review ticket customer request response report number list table screen button
	window message channel group update password account order delivery invoice address country
	weather music photo picture movie dinner coffee lunch friend family birthday weekend holiday
	train station airport ticket hotel beach mountain river garden kitchen office project schedule
	deadline budget design feature bug fix change commit merge document page link file folder upload
	download error warning failure timeout connection network client browser mobile desktop keyboard
	absolutely probably usually actually definitely yesterday evening together another different
	important possible available beautiful interesting expensive difficult complete ready busy late
	early quick slow happy tired hungry awesome weird strange terrible wonderful perfect großartig
	naïve café señor 東京 привет 👍 😂 🎉`)

var names = strings.Fields(`alice bob carol dave erin frank grace heidi ivan judy mallory niaj olivia
	peggy quentin rupert sybil trent ursula victor wendy xavier yolanda zoë`)

// word picks one that prose has the more often, the more to the front it stands.
func word(r *rand.Rand) string {
	return words[int(math.Pow(float64(len(words)), r.Float64()))-1]
}

// appendProse appends n words with commas and full stops.
func appendProse(b []byte, r *rand.Rand, n int) []byte {
	for i := range n {
		b = append(b, word(r)...)
		switch {
		case i == n-1:
		case r.IntN(9) == 0:
			b = append(b, ", "...)
		case r.IntN(14) == 0:
			b = append(b, ". "...)
		default:
			b = append(b, ' ')
		}
	}
	return b
}

// startChat sends what members of a few channels write.
func startChat(r *rand.Rand) func([]byte) []byte {
	id, ms := r.Uint64N(1<<40), r.Uint64N(1<<30)
	user := func() (string, uint32) {
		n := r.IntN(len(names))
		return names[n], uint32(n+1) * 2654435761
	}
	return func(b []byte) []byte {
		id += 1 + r.Uint64N(50)
		ms += r.Uint64N(60_000)
		name, key := user()
		b = fmt.Appendf(b, `{"type":"message","id":"m%d","channel":"c-%04d","user":{"id":"%08x","name":%q,"admin":%t},`,
			id, 1000+r.IntN(5)*7, key, name, key%5 == 0)
		b = fmt.Appendf(b, `"ts":"2026-03-%02dT%02d:%02d:%02d.%03dZ","text":"`,
			1+ms/86_400_000%28, ms/3_600_000%24, ms/60_000%60, ms/1000%60, ms%1000)
		b = appendProse(b, r, 3+r.IntN(30))
		if r.IntN(4) == 0 {
			to, key := user()
			b = fmt.Appendf(b, ` @%s","mentions":["%08x`, to, key)
			b = append(b, `"],"reactions":[],"edited":false}`...)
			return b
		}
		return fmt.Appendf(b, `","mentions":[],"reactions":[%s],"edited":%t}`,
			[]string{"", "", "", `{"emoji":"+1","count":2}`}[r.IntN(4)], r.IntN(10) == 0)
	}
}

// startMarket sends trades and quotes of instruments whose prices walk.
func startMarket(r *rand.Rand) func([]byte) []byte {
	symbols := strings.Fields("BTC-USD ETH-USD SOL-EUR ADA-USD XRP-USD LTC-EUR DOT-USD AVAX-USD LINK-EUR ATOM-USD")
	price := make([]float64, len(symbols))
	for i := range price {
		price[i] = math.Exp(r.Float64()*9 + 1)
	}
	sequence, ns := r.Uint64N(1<<36), 1_770_000_000_000_000_000+r.Uint64N(1<<50)
	return func(b []byte) []byte {
		i := r.IntN(len(symbols))
		price[i] *= 1 + (r.Float64()-.5)/500
		sequence += 1 + r.Uint64N(3)
		ns += r.Uint64N(5_000_000)
		if r.IntN(3) == 0 {
			return fmt.Appendf(b, `{"e":"trade","s":%q,"q":%d,"t":%d,"p":"%.2f","v":"%.4f","m":%t}`,
				symbols[i], sequence, ns/1000, price[i], r.ExpFloat64(), r.IntN(2) == 0)
		}
		return fmt.Appendf(b, `{"e":"quote","s":%q,"q":%d,"t":%d,"b":[["%.2f","%.4f"],["%.2f","%.4f"]],"a":[["%.2f","%.4f"],["%.2f","%.4f"]]}`,
			symbols[i], sequence, ns/1000, price[i]*.9998, r.ExpFloat64(), price[i]*.9996, r.ExpFloat64()*2,
			price[i]*1.0002, r.ExpFloat64(), price[i]*1.0004, r.ExpFloat64()*2)
	}
}

// startHTML sends parts of a page, such as a live view exchanges.
func startHTML(r *rand.Rand) func([]byte) []byte {
	row := r.IntN(10_000)
	return func(b []byte) []byte {
		row++
		switch r.IntN(4) {
		case 0:
			b = fmt.Appendf(b, "<section id=\"s-%d\" class=\"card shadow-sm mb-%d\">\n  <h2 class=\"card-title\">", row, r.IntN(5))
			b = appendProse(b, r, 2+r.IntN(4))
			b = append(b, "</h2>\n  <p class=\"card-text\">"...)
			b = appendProse(b, r, 10+r.IntN(50))
			return append(b, "</p>\n</section>\n"...)
		case 1:
			b = fmt.Appendf(b, "<li class=\"list-group-item\"><a href=\"/items/%d/%s\" data-id=\"%d\">", row, word(r), row)
			b = appendProse(b, r, 1+r.IntN(6))
			return append(b, "</a></li>\n"...)
		case 2:
			return fmt.Appendf(b, "<tr><td>%d</td><td class=\"text-end\">%.2f</td><td><span class=\"badge bg-%s\">%s</span></td></tr>\n",
				row, r.ExpFloat64()*100, []string{"success", "warning", "danger"}[r.IntN(3)], word(r))
		}
		return fmt.Appendf(b, "<img src=\"https://cdn.example.com/img/%08x.webp\" width=\"%d\" height=\"%d\" alt=\"%s %s\" loading=\"lazy\">\n",
			r.Uint32(), 64*(1+r.IntN(8)), 64*(1+r.IntN(8)), word(r), word(r))
	}
}

// startCSV sends readings of sensors.
func startCSV(r *rand.Rand) func([]byte) []byte {
	second, temperature := r.IntN(1<<24), 20.0
	return func(b []byte) []byte {
		second += 1 + r.IntN(4)
		temperature += r.NormFloat64() / 4
		return fmt.Appendf(b, "2026-04-%02d %02d:%02d:%02d,sensor-%03d,%.2f,%.1f,%d,%s\n",
			1+second/86400%30, second/3600%24, second/60%60, second%60, r.IntN(40), temperature,
			45+r.NormFloat64()*5, 1013+int(r.NormFloat64()*4), []string{"ok", "ok", "ok", "ok", "low battery", "lost"}[r.IntN(6)])
	}
}

// startProtobuf sends records of tagged fields: varints, fixed numbers, short strings.
func startProtobuf(r *rand.Rand) func([]byte) []byte {
	id, ms := r.Uint64N(1<<34), 1_770_000_000_000+r.Uint64N(1<<34)
	var record []byte
	return func(b []byte) []byte {
		id += r.Uint64N(20)
		ms += r.Uint64N(3000)
		record = append(record[:0], 0x08)
		record = binary.AppendUvarint(record, id)
		record = append(record, 0x10)
		record = binary.AppendUvarint(record, ms)
		name := names[r.IntN(len(names))]
		record = append(record, 0x1a, byte(len(name)))
		record = append(record, name...)
		record = append(record, 0x25)
		record = binary.LittleEndian.AppendUint32(record, math.Float32bits(float32(r.NormFloat64())))
		record = append(record, 0x29)
		record = binary.LittleEndian.AppendUint64(record, math.Float64bits(math.Round(r.Float64()*1e4)/100))
		record = append(record, 0x30, byte(r.IntN(4)))
		if r.IntN(3) == 0 {
			label := "zone-" + strconv.Itoa(r.IntN(30))
			record = append(record, 0x3a, byte(len(label)))
			record = append(record, label...)
		}
		b = append(b, 0x0a, byte(len(record)))
		return append(b, record...)
	}
}

// startRandom sends what is compressed or encrypted already.
func startRandom(r *rand.Rand) func([]byte) []byte {
	return func(b []byte) []byte { return binary.LittleEndian.AppendUint64(b, r.Uint64()) }
}
