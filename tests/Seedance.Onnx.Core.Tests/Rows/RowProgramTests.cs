using Seedance.Onnx.Rows;

namespace Seedance.Onnx.Core.Tests.Rows;

[Trait("Tier", "Unit")]
public sealed class RowProgramTests
{
    [Theory]
    [InlineData("o0 = add(i0, i1)", 2, 1)]
    [InlineData("t0 = add(i0, i1); o0 = muladd(i2, t0, i3); t1 = norm(o0, 1E-05); o1 = mul(t1, 2.5)", 4, 2)]
    [InlineData("i0 = view(0 3 1, 2:1, 3 4 64); i1 = view(-1 1 -1, 0:1, 3 4 64); t0 = add(i0, i1); o0 = rotate(t0, i2, i3)", 4, 1)]
    public void Parse_Program_IsWrittenAsItWasRead(string text, int inputs, int outputs)
    {
        RowProgram program = RowProgram.Parse(text);

        Assert.Equal(text, program.ToString());
        Assert.Equal((inputs, outputs), (program.Inputs, program.Outputs));
    }

    [Theory]
    [InlineData("", "must make outputs from o0 on")]
    [InlineData("o1 = add(i0, i1)", "must make outputs from o0 on")]
    [InlineData("o0 = add(i0, t0)", "none makes t0 before")]
    [InlineData("o0 = add(i0, i1); o0 = add(i0, i1)", "that no earlier one made")]
    [InlineData("i0 = add(i0, i1)", "must make a temporary row or an output")]
    [InlineData("o0 = divide(i0, i1)", "with one of add, sub, mul, muladd, norm, rms, swish, rotate")]
    [InlineData("o0 = muladd(i0, i1)", "'muladd' must have 3 values, but has 2")]
    [InlineData("o0 = add(i0, x)", "must be i0, t0, o0 (any index) or a number, but is 'x'")]
    [InlineData("o0 = norm(i0, i1)", "The second value must be a number")]
    [InlineData("i0 = view(0 1); o0 = add(i0, 1)", "must be like 'view(0 3 1, 2:1, 3 4 64)'")]
    public void Parse_NoProgram_SaysWhatIsWrong(string text, string problem)
    {
        FormatException error = Assert.Throws<FormatException>(() => RowProgram.Parse(text));

        Assert.Contains(problem, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void View_OfQueriesKeysAndValues_HasTheLengthsOfOnePart()
    {
        RowView view = RowView.Parse("view(0 3 1, 2:1, 3 4 64)")!;

        Assert.Equal([2, 4, 20, 64], view.Apply<long>([2, 20, 768], length => length));
        Assert.False(view.IsPlain);
        Assert.True(RowView.Plain(3).IsPlain);
    }
}
