using Seedance.Onnx.Sampling;

namespace Seedance.Onnx.Core.Tests.Sampling;

[Trait("Tier", "Unit")]
public sealed class NoiseIntervalTests
{
    [Theory, InlineData("0..1"), InlineData("0.2..0.8"), InlineData("0.5..0.5")]
    public void TryParse_ARange_ReadsBack(string text)
    {
        Assert.True(NoiseInterval.TryParse(text, out NoiseInterval interval));
        Assert.Equal(text, interval.ToString());
    }

    [Theory, InlineData(null), InlineData(""), InlineData("0.2"), InlineData("0.8..0.2"), InlineData("0..1.1"), InlineData("-0.1..1"), InlineData("0..1..1"), InlineData("a..b")]
    public void TryParse_NoRange_IsAll(string? text)
    {
        Assert.False(NoiseInterval.TryParse(text, out NoiseInterval interval));
        Assert.Equal(NoiseInterval.All, interval);
    }
}
