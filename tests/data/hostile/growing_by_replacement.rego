# expect: policy::evaluation: limit:
package policies.hostile

x0 := "aaaa"
x1 := replace(x0, "a", x0)
x2 := replace(x1, "a", x1)
x3 := replace(x2, "a", x2)
x4 := replace(x3, "a", x3)
x5 := replace(x4, "a", x4)
x6 := replace(x5, "a", x5)
x7 := replace(x6, "a", x6)
x8 := replace(x7, "a", x7)
x9 := replace(x8, "a", x8)
x10 := replace(x9, "a", x9)
x11 := replace(x10, "a", x10)
x12 := replace(x11, "a", x11)

deny contains "x" if count(x12) > 0
