# expect: policy::evaluation: limit:
package policies.hostile

x0 := "aaaa"
x1 := regex.replace(x0, "a", x0)
x2 := regex.replace(x1, "a", x1)
x3 := regex.replace(x2, "a", x2)
x4 := regex.replace(x3, "a", x3)
x5 := regex.replace(x4, "a", x4)
x6 := regex.replace(x5, "a", x5)
x7 := regex.replace(x6, "a", x6)
x8 := regex.replace(x7, "a", x7)
x9 := regex.replace(x8, "a", x8)
x10 := regex.replace(x9, "a", x9)
x11 := regex.replace(x10, "a", x10)
x12 := regex.replace(x11, "a", x11)

deny contains "x" if count(x12) > 0
