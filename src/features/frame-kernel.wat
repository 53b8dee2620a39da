;; The inner loops of mel-frames.ts: two frames at once, the first in the low and the second in the high lane of every vector
;; of two 64-bit floats. A complex number is two such vectors (32 bytes), real part first. All pointers and steps are in
;; bytes; every count is at least one.
;; Compiled to frame-kernel.ts by scripts/build-kernels.ts.
(module
  (memory (export "memory") 1)

  ;; y[n] = window[n] * (x[n], x[n + hop]),  n = 0 .. (windowEnd - window) / 8 - 1, an even number
  (func (export "cut") (param $x i32) (param $hop i32) (param $window i32) (param $windowEnd i32) (param $y i32)
    (local $first v128) (local $second v128)
    (loop $samples
      (local.set $first (f64x2.promote_low_f32x4 (v128.load64_zero (local.get $x))))
      (local.set $second (f64x2.promote_low_f32x4 (v128.load64_zero (i32.add (local.get $x) (local.get $hop)))))
      (v128.store (local.get $y)
        (f64x2.mul
          (v128.load64_splat (local.get $window))
          (i8x16.shuffle 0 1 2 3 4 5 6 7 16 17 18 19 20 21 22 23 (local.get $first) (local.get $second))))
      (v128.store offset=16 (local.get $y)
        (f64x2.mul
          (v128.load64_splat offset=8 (local.get $window))
          (i8x16.shuffle 8 9 10 11 12 13 14 15 24 25 26 27 28 29 30 31 (local.get $first) (local.get $second))))
      (local.set $x (i32.add (local.get $x) (i32.const 8)))
      (local.set $y (i32.add (local.get $y) (i32.const 32)))
      (br_if $samples
        (i32.lt_u
          (local.tee $window (i32.add (local.get $window) (i32.const 16)))
          (local.get $windowEnd)))))

  ;; One radix-4 pass of Stockham's transform, decimation in frequency: n = 4 * quarter / stride points are left,
  ;; at every p = 0 .. n / 4 - 1 and q = 0 .. stride / 32 - 1
  ;;   a, b, c, d = x[q + stride * (p + 0, 1, 2, 3 * n / 4)]
  ;;   y[q + stride * (4 p + 0)] =      (a + c) +   (b + d)
  ;;   y[q + stride * (4 p + 1)] = w1 * ((a - c) - i (b - d))
  ;;   y[q + stride * (4 p + 2)] = w2 * ((a + c) -   (b + d))
  ;;   y[q + stride * (4 p + 3)] = w3 * ((a - c) + i (b - d))
  ;; with w1, w2, w3 = exp(-2 pi i p (1, 2, 3) / n), six floats for each p. quarter is the distance from a to b.
  (func (export "radix4")
    (param $x i32) (param $y i32) (param $quarter i32) (param $stride i32) (param $twiddles i32) (param $twiddlesEnd i32)
    (local $end i32) (local $b i32) (local $c i32) (local $d i32) (local $y1 i32) (local $y2 i32) (local $y3 i32)
    (local $w1r v128) (local $w1i v128) (local $w2r v128) (local $w2i v128) (local $w3r v128) (local $w3i v128)
    (local $acr v128) (local $aci v128) (local $bdr v128) (local $bdi v128)
    (local $amr v128) (local $ami v128) (local $bmr v128) (local $bmi v128)
    (local $tr v128) (local $ti v128)
    (loop $p
      (local.set $w1r (v128.load64_splat (local.get $twiddles)))
      (local.set $w1i (v128.load64_splat offset=8 (local.get $twiddles)))
      (local.set $w2r (v128.load64_splat offset=16 (local.get $twiddles)))
      (local.set $w2i (v128.load64_splat offset=24 (local.get $twiddles)))
      (local.set $w3r (v128.load64_splat offset=32 (local.get $twiddles)))
      (local.set $w3i (v128.load64_splat offset=40 (local.get $twiddles)))
      (local.set $end (i32.add (local.get $x) (local.get $stride)))
      (loop $q
        (local.set $b (i32.add (local.get $x) (local.get $quarter)))
        (local.set $c (i32.add (local.get $b) (local.get $quarter)))
        (local.set $d (i32.add (local.get $c) (local.get $quarter)))
        (local.set $y1 (i32.add (local.get $y) (local.get $stride)))
        (local.set $y2 (i32.add (local.get $y1) (local.get $stride)))
        (local.set $y3 (i32.add (local.get $y2) (local.get $stride)))
        (local.set $acr (f64x2.add (v128.load (local.get $x)) (v128.load (local.get $c))))
        (local.set $aci (f64x2.add (v128.load offset=16 (local.get $x)) (v128.load offset=16 (local.get $c))))
        (local.set $amr (f64x2.sub (v128.load (local.get $x)) (v128.load (local.get $c))))
        (local.set $ami (f64x2.sub (v128.load offset=16 (local.get $x)) (v128.load offset=16 (local.get $c))))
        (local.set $bdr (f64x2.add (v128.load (local.get $b)) (v128.load (local.get $d))))
        (local.set $bdi (f64x2.add (v128.load offset=16 (local.get $b)) (v128.load offset=16 (local.get $d))))
        (local.set $bmr (f64x2.sub (v128.load (local.get $b)) (v128.load (local.get $d))))
        (local.set $bmi (f64x2.sub (v128.load offset=16 (local.get $b)) (v128.load offset=16 (local.get $d))))
        (v128.store (local.get $y) (f64x2.add (local.get $acr) (local.get $bdr)))
        (v128.store offset=16 (local.get $y) (f64x2.add (local.get $aci) (local.get $bdi)))
        ;; - i (br + i bi) = bi - i br
        (local.set $tr (f64x2.add (local.get $amr) (local.get $bmi)))
        (local.set $ti (f64x2.sub (local.get $ami) (local.get $bmr)))
        (v128.store (local.get $y1)
          (f64x2.sub (f64x2.mul (local.get $w1r) (local.get $tr)) (f64x2.mul (local.get $w1i) (local.get $ti))))
        (v128.store offset=16 (local.get $y1)
          (f64x2.add (f64x2.mul (local.get $w1r) (local.get $ti)) (f64x2.mul (local.get $w1i) (local.get $tr))))
        (local.set $tr (f64x2.sub (local.get $acr) (local.get $bdr)))
        (local.set $ti (f64x2.sub (local.get $aci) (local.get $bdi)))
        (v128.store (local.get $y2)
          (f64x2.sub (f64x2.mul (local.get $w2r) (local.get $tr)) (f64x2.mul (local.get $w2i) (local.get $ti))))
        (v128.store offset=16 (local.get $y2)
          (f64x2.add (f64x2.mul (local.get $w2r) (local.get $ti)) (f64x2.mul (local.get $w2i) (local.get $tr))))
        (local.set $tr (f64x2.sub (local.get $amr) (local.get $bmi)))
        (local.set $ti (f64x2.add (local.get $ami) (local.get $bmr)))
        (v128.store (local.get $y3)
          (f64x2.sub (f64x2.mul (local.get $w3r) (local.get $tr)) (f64x2.mul (local.get $w3i) (local.get $ti))))
        (v128.store offset=16 (local.get $y3)
          (f64x2.add (f64x2.mul (local.get $w3r) (local.get $ti)) (f64x2.mul (local.get $w3i) (local.get $tr))))
        (local.set $y (i32.add (local.get $y) (i32.const 32)))
        (br_if $q
          (i32.lt_u (local.tee $x (i32.add (local.get $x) (i32.const 32))) (local.get $end))))
      (local.set $y (i32.add (local.get $y3) (i32.const 32)))
      (br_if $p
        (i32.lt_u
          (local.tee $twiddles (i32.add (local.get $twiddles) (i32.const 48)))
          (local.get $twiddlesEnd)))))

  ;; The last pass if two points are left: y[q] = x[q] + x[q + stride], y[q + stride] = x[q] - x[q + stride]
  (func (export "radix2") (param $x i32) (param $y i32) (param $stride i32)
    (local $end i32) (local $b i32) (local $y1 i32)
    (local.set $end (i32.add (local.get $x) (local.get $stride)))
    (local.set $b (local.get $end))
    (local.set $y1 (i32.add (local.get $y) (local.get $stride)))
    (loop $q
      (v128.store (local.get $y) (f64x2.add (v128.load (local.get $x)) (v128.load (local.get $b))))
      (v128.store (local.get $y1) (f64x2.sub (v128.load (local.get $x)) (v128.load (local.get $b))))
      (local.set $y (i32.add (local.get $y) (i32.const 16)))
      (local.set $y1 (i32.add (local.get $y1) (i32.const 16)))
      (local.set $b (i32.add (local.get $b) (i32.const 16)))
      (br_if $q
        (i32.lt_u (local.tee $x (i32.add (local.get $x) (i32.const 16))) (local.get $end)))))

  ;; |X[k]|^power of real frames from the transform z of their even and odd samples, as mel-frames.ts explains.
  ;; half is M in bytes of z; bins holds M + 1 vectors; turns holds (cos, sin)(2 pi k / 2M) / 2 for k = 1 .. M / 2.
  (func (export "magnitudes")
    (param $z i32) (param $half i32) (param $bins i32) (param $turns i32) (param $power i32)
    (local $low i32) (local $high i32) (local $lowBin i32) (local $highBin i32)
    (local $re v128) (local $im v128) (local $oddRe v128) (local $oddIm v128) (local $cos v128) (local $sin v128)
    (local $turnedRe v128) (local $turnedIm v128) (local $a v128) (local $b v128)
    (local.set $re (v128.load (local.get $z)))
    (local.set $im (v128.load offset=16 (local.get $z)))
    (local.set $a (f64x2.add (local.get $re) (local.get $im)))
    (local.set $b (f64x2.sub (local.get $re) (local.get $im)))
    (local.set $highBin (i32.add (local.get $bins) (i32.shr_u (local.get $half) (i32.const 1))))
    (if (i32.eq (local.get $power) (i32.const 1))
      (then
        (v128.store (local.get $bins) (f64x2.abs (local.get $a)))
        (v128.store (local.get $highBin) (f64x2.abs (local.get $b))))
      (else
        (v128.store (local.get $bins) (f64x2.mul (local.get $a) (local.get $a)))
        (v128.store (local.get $highBin) (f64x2.mul (local.get $b) (local.get $b)))))
    (local.set $low (i32.add (local.get $z) (i32.const 32)))
    (local.set $high (i32.sub (i32.add (local.get $z) (local.get $half)) (i32.const 32)))
    (local.set $lowBin (i32.add (local.get $bins) (i32.const 16)))
    (local.set $highBin (i32.sub (local.get $highBin) (i32.const 16)))
    (loop $k
      (local.set $re
        (f64x2.mul (f64x2.splat (f64.const 0.5)) (f64x2.add (v128.load (local.get $low)) (v128.load (local.get $high)))))
      (local.set $im
        (f64x2.mul
          (f64x2.splat (f64.const 0.5))
          (f64x2.sub (v128.load offset=16 (local.get $low)) (v128.load offset=16 (local.get $high)))))
      (local.set $oddRe (f64x2.add (v128.load offset=16 (local.get $low)) (v128.load offset=16 (local.get $high))))
      (local.set $oddIm (f64x2.sub (v128.load (local.get $high)) (v128.load (local.get $low))))
      (local.set $cos (v128.load64_splat (local.get $turns)))
      (local.set $sin (v128.load64_splat offset=8 (local.get $turns)))
      (local.set $turnedRe
        (f64x2.add (f64x2.mul (local.get $oddRe) (local.get $cos)) (f64x2.mul (local.get $oddIm) (local.get $sin))))
      (local.set $turnedIm
        (f64x2.sub (f64x2.mul (local.get $oddIm) (local.get $cos)) (f64x2.mul (local.get $oddRe) (local.get $sin))))
      (local.set $a (f64x2.add (local.get $re) (local.get $turnedRe)))
      (local.set $b (f64x2.add (local.get $im) (local.get $turnedIm)))
      (local.set $a (f64x2.add (f64x2.mul (local.get $a) (local.get $a)) (f64x2.mul (local.get $b) (local.get $b))))
      (local.set $re (f64x2.sub (local.get $re) (local.get $turnedRe)))
      (local.set $im (f64x2.sub (local.get $im) (local.get $turnedIm)))
      (local.set $b (f64x2.add (f64x2.mul (local.get $re) (local.get $re)) (f64x2.mul (local.get $im) (local.get $im))))
      (if (i32.eq (local.get $power) (i32.const 1))
        (then
          (local.set $a (f64x2.sqrt (local.get $a)))
          (local.set $b (f64x2.sqrt (local.get $b)))))
      (v128.store (local.get $lowBin) (local.get $a))
      (v128.store (local.get $highBin) (local.get $b))
      (local.set $low (i32.add (local.get $low) (i32.const 32)))
      (local.set $turns (i32.add (local.get $turns) (i32.const 16)))
      (local.set $lowBin (i32.add (local.get $lowBin) (i32.const 16)))
      (local.set $highBin (i32.sub (local.get $highBin) (i32.const 16)))
      (br_if $k
        (i32.le_u (local.get $low) (local.tee $high (i32.sub (local.get $high) (i32.const 32)))))))

  ;; y[m] of the first and second frame = sum over k of weights[k] * bins[firstBin + k]. A band is two 32-bit integers:
  ;; the offset of its first bin from bins, and of the end of its weights from weights; all weights are contiguous.
  (func (export "mel")
    (param $bins i32) (param $bands i32) (param $bandsEnd i32) (param $weights i32) (param $first i32) (param $second i32)
    (local $bin i32) (local $end i32) (local $origin i32) (local $even v128) (local $odd v128)
    (local.set $origin (local.get $weights))
    (loop $m
      (local.set $bin (i32.add (local.get $bins) (i32.load (local.get $bands))))
      (local.set $end (i32.add (local.get $origin) (i32.load offset=4 (local.get $bands))))
      (local.set $even (f64x2.splat (f64.const 0)))
      (local.set $odd (f64x2.splat (f64.const 0)))
      (if (i32.and (i32.sub (local.get $end) (local.get $weights)) (i32.const 8))
        (then
          (local.set $even (f64x2.mul (v128.load64_splat (local.get $weights)) (v128.load (local.get $bin))))
          (local.set $bin (i32.add (local.get $bin) (i32.const 16)))
          (local.set $weights (i32.add (local.get $weights) (i32.const 8)))))
      (block $done
        (loop $k
          (br_if $done (i32.ge_u (local.get $weights) (local.get $end)))
          (local.set $even
            (f64x2.add
              (local.get $even)
              (f64x2.mul (v128.load64_splat (local.get $weights)) (v128.load (local.get $bin)))))
          (local.set $odd
            (f64x2.add
              (local.get $odd)
              (f64x2.mul (v128.load64_splat offset=8 (local.get $weights)) (v128.load offset=16 (local.get $bin)))))
          (local.set $bin (i32.add (local.get $bin) (i32.const 32)))
          (local.set $weights (i32.add (local.get $weights) (i32.const 16)))
          (br $k)))
      (local.set $even (f64x2.add (local.get $even) (local.get $odd)))
      (v128.store64_lane 0 (local.get $first) (local.get $even))
      (v128.store64_lane 1 (local.get $second) (local.get $even))
      (local.set $first (i32.add (local.get $first) (i32.const 8)))
      (local.set $second (i32.add (local.get $second) (i32.const 8)))
      (br_if $m
        (i32.lt_u (local.tee $bands (i32.add (local.get $bands) (i32.const 8))) (local.get $bandsEnd))))))
