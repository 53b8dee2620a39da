;; The inner loop of resample.ts: eight dot products of one row of weights at a time, four taps a step.
;;   y[j] = sum over k of weights[k] * x[k + j * xStep],  j = 0..7
;; Pointers and steps are in bytes; weights..weightsEnd is a multiple of 16 bytes, at least one.
;; Compiled to fir-kernel.ts by scripts/build-kernels.ts.
(module
  (memory (export "memory") 1)
  (func (export "dot8")
    (param $x i32) (param $xStep i32) (param $weights i32) (param $weightsEnd i32) (param $y i32) (param $yStep i32)
    (local $w v128)
    (local $x0 i32) (local $x1 i32) (local $x2 i32) (local $x3 i32)
    (local $x4 i32) (local $x5 i32) (local $x6 i32) (local $x7 i32)
    (local $sum0 v128) (local $sum1 v128) (local $sum2 v128) (local $sum3 v128)
    (local $sum4 v128) (local $sum5 v128) (local $sum6 v128) (local $sum7 v128)
    (local.set $x0 (local.get $x))
    (local.set $x1 (i32.add (local.get $x0) (local.get $xStep)))
    (local.set $x2 (i32.add (local.get $x1) (local.get $xStep)))
    (local.set $x3 (i32.add (local.get $x2) (local.get $xStep)))
    (local.set $x4 (i32.add (local.get $x3) (local.get $xStep)))
    (local.set $x5 (i32.add (local.get $x4) (local.get $xStep)))
    (local.set $x6 (i32.add (local.get $x5) (local.get $xStep)))
    (local.set $x7 (i32.add (local.get $x6) (local.get $xStep)))
    (loop $taps
      (local.set $w (v128.load (local.get $weights)))
      (local.set $sum0 (f32x4.add (local.get $sum0) (f32x4.mul (local.get $w) (v128.load (local.get $x0)))))
      (local.set $sum1 (f32x4.add (local.get $sum1) (f32x4.mul (local.get $w) (v128.load (local.get $x1)))))
      (local.set $sum2 (f32x4.add (local.get $sum2) (f32x4.mul (local.get $w) (v128.load (local.get $x2)))))
      (local.set $sum3 (f32x4.add (local.get $sum3) (f32x4.mul (local.get $w) (v128.load (local.get $x3)))))
      (local.set $sum4 (f32x4.add (local.get $sum4) (f32x4.mul (local.get $w) (v128.load (local.get $x4)))))
      (local.set $sum5 (f32x4.add (local.get $sum5) (f32x4.mul (local.get $w) (v128.load (local.get $x5)))))
      (local.set $sum6 (f32x4.add (local.get $sum6) (f32x4.mul (local.get $w) (v128.load (local.get $x6)))))
      (local.set $sum7 (f32x4.add (local.get $sum7) (f32x4.mul (local.get $w) (v128.load (local.get $x7)))))
      (local.set $x0 (i32.add (local.get $x0) (i32.const 16)))
      (local.set $x1 (i32.add (local.get $x1) (i32.const 16)))
      (local.set $x2 (i32.add (local.get $x2) (i32.const 16)))
      (local.set $x3 (i32.add (local.get $x3) (i32.const 16)))
      (local.set $x4 (i32.add (local.get $x4) (i32.const 16)))
      (local.set $x5 (i32.add (local.get $x5) (i32.const 16)))
      (local.set $x6 (i32.add (local.get $x6) (i32.const 16)))
      (local.set $x7 (i32.add (local.get $x7) (i32.const 16)))
      (br_if $taps
        (i32.lt_u
          (local.tee $weights (i32.add (local.get $weights) (i32.const 16)))
          (local.get $weightsEnd))))
    (f32.store (local.get $y)
      (f32.add
        (f32.add (f32x4.extract_lane 0 (local.get $sum0)) (f32x4.extract_lane 1 (local.get $sum0)))
        (f32.add (f32x4.extract_lane 2 (local.get $sum0)) (f32x4.extract_lane 3 (local.get $sum0)))))
    (local.set $y (i32.add (local.get $y) (local.get $yStep)))
    (f32.store (local.get $y)
      (f32.add
        (f32.add (f32x4.extract_lane 0 (local.get $sum1)) (f32x4.extract_lane 1 (local.get $sum1)))
        (f32.add (f32x4.extract_lane 2 (local.get $sum1)) (f32x4.extract_lane 3 (local.get $sum1)))))
    (local.set $y (i32.add (local.get $y) (local.get $yStep)))
    (f32.store (local.get $y)
      (f32.add
        (f32.add (f32x4.extract_lane 0 (local.get $sum2)) (f32x4.extract_lane 1 (local.get $sum2)))
        (f32.add (f32x4.extract_lane 2 (local.get $sum2)) (f32x4.extract_lane 3 (local.get $sum2)))))
    (local.set $y (i32.add (local.get $y) (local.get $yStep)))
    (f32.store (local.get $y)
      (f32.add
        (f32.add (f32x4.extract_lane 0 (local.get $sum3)) (f32x4.extract_lane 1 (local.get $sum3)))
        (f32.add (f32x4.extract_lane 2 (local.get $sum3)) (f32x4.extract_lane 3 (local.get $sum3)))))
    (local.set $y (i32.add (local.get $y) (local.get $yStep)))
    (f32.store (local.get $y)
      (f32.add
        (f32.add (f32x4.extract_lane 0 (local.get $sum4)) (f32x4.extract_lane 1 (local.get $sum4)))
        (f32.add (f32x4.extract_lane 2 (local.get $sum4)) (f32x4.extract_lane 3 (local.get $sum4)))))
    (local.set $y (i32.add (local.get $y) (local.get $yStep)))
    (f32.store (local.get $y)
      (f32.add
        (f32.add (f32x4.extract_lane 0 (local.get $sum5)) (f32x4.extract_lane 1 (local.get $sum5)))
        (f32.add (f32x4.extract_lane 2 (local.get $sum5)) (f32x4.extract_lane 3 (local.get $sum5)))))
    (local.set $y (i32.add (local.get $y) (local.get $yStep)))
    (f32.store (local.get $y)
      (f32.add
        (f32.add (f32x4.extract_lane 0 (local.get $sum6)) (f32x4.extract_lane 1 (local.get $sum6)))
        (f32.add (f32x4.extract_lane 2 (local.get $sum6)) (f32x4.extract_lane 3 (local.get $sum6)))))
    (local.set $y (i32.add (local.get $y) (local.get $yStep)))
    (f32.store (local.get $y)
      (f32.add
        (f32.add (f32x4.extract_lane 0 (local.get $sum7)) (f32x4.extract_lane 1 (local.get $sum7)))
        (f32.add (f32x4.extract_lane 2 (local.get $sum7)) (f32x4.extract_lane 3 (local.get $sum7)))))
  ))
