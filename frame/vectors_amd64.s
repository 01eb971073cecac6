//go:build !purego

#include "textflag.h"

// func hasAVX2() bool
//
// Intel's manual, volume 1, section 14.3: the processor must have AVX and
// XGETBV, XGETBV must say that the operating system saves the wide registers,
// and leaf 7 must name AVX2.
TEXT ·hasAVX2(SB), NOSPLIT, $0-1
	MOVB $0, ret+0(FP)

	// Is there a leaf 7?
	XORL AX, AX
	CPUID
	CMPL AX, $7
	JB   no

	// OSXSAVE is bit 27 and AVX bit 28.
	MOVL $1, AX
	XORL CX, CX
	CPUID
	ANDL $(1<<27 | 1<<28), CX
	CMPL CX, $(1<<27 | 1<<28)
	JNE  no

	// XMM state is bit 1 and YMM state bit 2.
	XORL CX, CX
	XGETBV
	ANDL $6, AX
	CMPL AX, $6
	JNE  no

	// AVX2 is bit 5.
	MOVL  $7, AX
	XORL  CX, CX
	CPUID
	TESTL $(1<<5), BX
	JZ    no
	MOVB  $1, ret+0(FP)

no:
	RET

// func maskVectors(b []byte, k uint32)
//
// The first 32 bytes (Y0), the last 32 (Y1) and the aligned vectors between
// them are masked, each with the key rotated for its place. They overlap:
// both ends are read before, and written after, everything else.
TEXT ·maskVectors(SB), NOSPLIT, $0-28
	MOVQ b_base+0(FP), DI
	MOVQ b_len+8(FP), SI
	MOVL k+24(FP), AX
	LEAQ -32(DI)(SI*1), R8 // the last 32 bytes
	LEAQ 32(DI), R9
	ANDQ $~31, R9          // the next aligned vector

	VMOVD        AX, X4
	VPBROADCASTD X4, Y4
	VPXOR        (DI), Y4, Y0

	LEAQ         (SI*8), CX
	MOVL         AX, DX
	RORL         CX, DX
	VMOVD        DX, X5
	VPBROADCASTD X5, Y5
	VPXOR        (R8), Y5, Y1

	MOVQ         R9, CX
	SUBQ         DI, CX
	SHLQ         $3, CX
	RORL         CX, AX
	VMOVD        AX, X4
	VPBROADCASTD X4, Y4

	LEAQ -96(R8), R10 // the last place for four vectors
	CMPQ R9, R10
	JA   one

four:
	VPXOR   (R9), Y4, Y2
	VPXOR   32(R9), Y4, Y3
	VPXOR   64(R9), Y4, Y5
	VPXOR   96(R9), Y4, Y6
	VMOVDQA Y2, (R9)
	VMOVDQA Y3, 32(R9)
	VMOVDQA Y5, 64(R9)
	VMOVDQA Y6, 96(R9)
	ADDQ    $128, R9
	CMPQ    R9, R10
	JBE     four

one:
	CMPQ    R9, R8
	JAE     ends
	VPXOR   (R9), Y4, Y2
	VMOVDQA Y2, (R9)
	ADDQ    $32, R9
	JMP     one

ends:
	VMOVDQU Y0, (DI)
	VMOVDQU Y1, (R8)
	VZEROUPPER
	RET

// What two neighboring octets can break, one bit for each rule.
// Every rule is decided by both halves of the first octet and the upper half
// of the second: it is broken if its bit is set in all three tables.
#define SHORT  0x01 // a lead octet, then no continuation
#define LONG   0x02 // ASCII, then a continuation
#define E0LOW  0x04 // E0, then 80..9F: overlong
#define F4HIGH 0x08 // F4 or above, then 90..BF: above U+10FFFF
#define EDHIGH 0x10 // ED, then A0..BF: a surrogate
#define C0C1   0x20 // C0 or C1, then a continuation: overlong
#define F0LOW  0x40 // F0 then 80..8F: overlong; F5 or above: above U+10FFFF
#define CONTS  0x80 // two continuations: broken, or owed to an octet before
#define ANYLOW (SHORT | LONG | CONTS)

#define OCTETS4(a, b, c, d) ((a) | (b)<<8 | (c)<<16 | (d)<<24)

// By the upper half of the first octet.
DATA firstHigh<>+0(SB)/4, $OCTETS4(LONG, LONG, LONG, LONG)
DATA firstHigh<>+4(SB)/4, $OCTETS4(LONG, LONG, LONG, LONG)
DATA firstHigh<>+8(SB)/4, $OCTETS4(CONTS, CONTS, CONTS, CONTS)
DATA firstHigh<>+12(SB)/4, $OCTETS4(SHORT|C0C1, SHORT, SHORT|E0LOW|EDHIGH, SHORT|F0LOW|F4HIGH)
GLOBL firstHigh<>(SB), RODATA|NOPTR, $16

// By the lower half of the first octet.
DATA firstLow<>+0(SB)/4, $OCTETS4(ANYLOW|C0C1|E0LOW|F0LOW, ANYLOW|C0C1, ANYLOW, ANYLOW)
DATA firstLow<>+4(SB)/4, $OCTETS4(ANYLOW|F4HIGH, ANYLOW|F0LOW|F4HIGH, ANYLOW|F0LOW|F4HIGH, ANYLOW|F0LOW|F4HIGH)
DATA firstLow<>+8(SB)/4, $OCTETS4(ANYLOW|F0LOW|F4HIGH, ANYLOW|F0LOW|F4HIGH, ANYLOW|F0LOW|F4HIGH, ANYLOW|F0LOW|F4HIGH)
DATA firstLow<>+12(SB)/4, $OCTETS4(ANYLOW|F0LOW|F4HIGH, ANYLOW|F0LOW|F4HIGH|EDHIGH, ANYLOW|F0LOW|F4HIGH, ANYLOW|F0LOW|F4HIGH)
GLOBL firstLow<>(SB), RODATA|NOPTR, $16

// By the upper half of the second octet.
DATA secondHigh<>+0(SB)/4, $OCTETS4(SHORT, SHORT, SHORT, SHORT)
DATA secondHigh<>+4(SB)/4, $OCTETS4(SHORT, SHORT, SHORT, SHORT)
DATA secondHigh<>+8(SB)/4, $OCTETS4(LONG|CONTS|C0C1|E0LOW|F0LOW, LONG|CONTS|C0C1|E0LOW|F4HIGH, LONG|CONTS|C0C1|EDHIGH|F4HIGH, LONG|CONTS|C0C1|EDHIGH|F4HIGH)
DATA secondHigh<>+12(SB)/4, $OCTETS4(SHORT, SHORT, SHORT, SHORT)
GLOBL secondHigh<>(SB), RODATA|NOPTR, $16

DATA octets<>+0(SB)/1, $0x0F // half an octet
DATA octets<>+1(SB)/1, $0x80 // the top bit
DATA octets<>+2(SB)/1, $0x60 // from E0 on, the rest has its top bit set
DATA octets<>+3(SB)/1, $0x70 // from F0 on, the rest has its top bit set
GLOBL octets<>(SB), RODATA|NOPTR, $4

// func validVectors(p []byte) bool
//
// The method is that of J. Keiser and D. Lemire, "Validating UTF-8 In Less
// Than One Instruction Per Byte", https://arxiv.org/abs/2010.03090.
//
// It looks at 32 octets at a time (Y0) and, for each, at the three before it:
// the same vector read from one, two and three bytes earlier. So nothing is
// carried from one vector to the next, and the last one may overlap.
TEXT ·validVectors(SB), NOSPLIT, $0-25
	MOVQ p_base+0(FP), SI
	MOVQ p_len+8(FP), CX
	LEAQ -32(SI)(CX*1), DI // the last vector
	LEAQ 32(DI), R9        // the end of p
	ADDQ $3, SI            // the vector to check

	VBROADCASTI128 firstHigh<>(SB), Y8
	VBROADCASTI128 firstLow<>(SB), Y9
	VBROADCASTI128 secondHigh<>(SB), Y10
	VPBROADCASTB   octets<>+0(SB), Y11
	VPBROADCASTB   octets<>+1(SB), Y12
	VPBROADCASTB   octets<>+2(SB), Y13
	VPBROADCASTB   octets<>+3(SB), Y14
	VPXOR          Y15, Y15, Y15         // the rules broken so far

section:
	LEAQ 128(SI), R8
	CMPQ R8, DI
	JA   rest

	// If four vectors and the octets before them are ASCII, skip them.
	VMOVDQU (SI), Y0
	VPOR    -3(SI), Y0, Y0
	VPOR    32(SI), Y0, Y0
	VPOR    64(SI), Y0, Y0
	VPOR    96(SI), Y0, Y0
	VPTEST  Y12, Y0
	JNZ     vector
	MOVQ    R8, SI
	JMP     section

rest:
	MOVQ DI, R8

vector:
	VMOVDQU (SI), Y0
	VMOVDQU -1(SI), Y1
	VMOVDQU -2(SI), Y2
	VMOVDQU -3(SI), Y3

	// Which rules does it break, together with the octet before?
	VPSRLW  $4, Y1, Y4
	VPAND   Y11, Y4, Y4
	VPSHUFB Y4, Y8, Y4
	VPAND   Y11, Y1, Y5
	VPSHUFB Y5, Y9, Y5
	VPSRLW  $4, Y0, Y6
	VPAND   Y11, Y6, Y6
	VPSHUFB Y6, Y10, Y6
	VPAND   Y5, Y4, Y4
	VPAND   Y6, Y4, Y4

	// Where the octet two before is E0 or above, or that three before F0 or
	// above, CONTS must be set; elsewhere it must not.
	VPSUBUSB Y13, Y2, Y2
	VPSUBUSB Y14, Y3, Y3
	VPOR     Y3, Y2, Y2
	VPAND    Y12, Y2, Y2
	VPXOR    Y2, Y4, Y4
	VPOR     Y4, Y15, Y15

	ADDQ $32, SI
	CMPQ SI, R8
	JB   vector
	CMPQ SI, DI
	JB   section
	CMPQ SI, R9
	JEQ  done
	MOVQ DI, SI // the last vector, again if need be
	JMP  vector

done:
	VPTEST Y15, Y15
	SETEQ  ret+24(FP)
	VZEROUPPER
	RET
