package suite

import (
	"bytes"
	"fmt"
)

// makeImage makes a grey bitmap of 512 by 512 pixels: a few discs with smooth shades, and noise
// over all. There is no floating point in it, whose last bits differ between processors.
func makeImage() []byte {
	const side, colors = 512, 256
	d := newDice(Image)
	b := make([]byte, 0, imageSize)
	b = append(b, "BM"...)
	for _, v := range []uint32{imageSize, 0, 14 + 40 + 4*colors, 40, side, side, 1 | 8<<16, 0, side * side, 2835, 2835, colors, 0} {
		b = append(b, byte(v), byte(v>>8), byte(v>>16), byte(v>>24))
	}
	for i := range colors {
		b = append(b, byte(i), byte(i), byte(i), 0)
	}

	type disc struct{ x, y, r, shade int }
	var discs [24]disc
	for i := range discs {
		discs[i] = disc{d.n(side), d.n(side), 20 + d.n(100), d.n(120) - 60}
	}
	for y := range side {
		for x := range side {
			v := 90 + x/16 + y/8
			for _, c := range discs {
				dx, dy := x-c.x, y-c.y
				if out := dx*dx + dy*dy; out < c.r*c.r {
					v += c.shade * (c.r*c.r - out) / (c.r * c.r)
				}
			}
			noise := d.Uint64()
			v += int(noise&31+noise>>8&31+noise>>16&15) - 38
			b = append(b, byte(max(0, min(v, 255))))
		}
	}
	return b
}

// makePDF makes a PDF file: pages with text, and pictures that are compressed already.
func makePDF() []byte {
	// What the last picture lacks to make the length right is known only when all else is there.
	b := pdf(1000)
	return pdf(1000 + pdfSize - len(b))
}

// pdf makes the file with a last picture of n octets.
func pdf(last int) []byte {
	const pages, pictures = 36, 20
	d := newDice(PDF)
	var b bytes.Buffer
	var offsets []int
	object := func(format string, args ...any) {
		offsets = append(offsets, b.Len())
		fmt.Fprintf(&b, "%d 0 obj\n", len(offsets))
		fmt.Fprintf(&b, format, args...)
		b.WriteString("\nendobj\n")
	}
	b.WriteString("%PDF-1.4\n%\xe2\xe3\xcf\xd3\n")
	object("<< /Type /Catalog /Pages 2 0 R >>")
	kids := ""
	for i := range pages {
		kids += fmt.Sprintf(" %d 0 R", 4+2*i)
	}
	object("<< /Type /Pages /Kids [%s ] /Count %d >>", kids, pages)
	object("<< /Type /Font /Subtype /Type1 /BaseFont /Times-Roman >>")
	for i := range pages {
		object("<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents %d 0 R\n"+
			"/Resources << /Font << /F1 3 0 R >> /XObject << /Im%d %d 0 R >> >> >>",
			5+2*i, i%pictures, 4+2*pages+i%pictures)
		text := pageText(d, i)
		object("<< /Length %d >>\nstream\n%sendstream", len(text), text)
	}
	for i := range pictures {
		n := 38_000
		if i == pictures-1 {
			n = last
		}
		object("<< /Type /XObject /Subtype /Image /Width 640 /Height 480 /ColorSpace /DeviceRGB /BitsPerComponent 8\n"+
			"/Filter /DCTDecode /Length %6d >>\nstream\n%s\nendstream", n, noise(d, n))
	}
	xref := b.Len()
	fmt.Fprintf(&b, "xref\n0 %d\n0000000000 65535 f \n", len(offsets)+1)
	for _, at := range offsets {
		fmt.Fprintf(&b, "%010d 00000 n \n", at)
	}
	fmt.Fprintf(&b, "trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%010d\n%%%%EOF\n", len(offsets)+1, xref)
	return b.Bytes()
}

// pageText makes the content of a page: lines of text, each at its place.
func pageText(d dice, page int) string {
	var b bytes.Buffer
	fmt.Fprintf(&b, "q 480 0 0 360 57 400 cm /Im%d Do Q\nBT\n/F1 11 Tf\n", page)
	for line := range 80 {
		fmt.Fprintf(&b, "1 0 0 1 57 %d.%d Tm (%d.%d) Tj [(", 800-line*9, d.n(10), page, line)
		for range 4 + d.n(4) {
			fmt.Fprintf(&b, "%s)%d(", one(d, stems), -250-d.n(4))
		}
		b.WriteString(")] TJ\n")
	}
	b.WriteString("ET\n")
	return b.String()
}

// noise makes octets that cannot be compressed.
func noise(d dice, n int) []byte {
	b := make([]byte, 0, n+8)
	for len(b) < n {
		for v := d.Uint64(); v != 0; v >>= 8 {
			b = append(b, byte(v))
		}
	}
	return b[:n]
}
