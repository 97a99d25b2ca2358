namespace Seedance.Onnx.Media;

[Trait("Tier", "Unit")]
public sealed class FrameRateTests
{
    [Theory]
    [InlineData(8, 1, 16, 2.0)]
    [InlineData(30000, 1001, 30000, 1001.0)]
    [InlineData(1, 2, 3, 6.0)]
    public void TimeOf_Frame_IsIndexOverRate(int numerator, int denominator, int index, double seconds)
        => Assert.Equal(TimeSpan.FromSeconds(seconds), new FrameRate(numerator, denominator).TimeOf(index));

    [Theory]
    [InlineData("8/1", "8")]
    [InlineData("30000/1001", "30000/1001")]
    [InlineData("0/0", null)]
    [InlineData("25", null)]
    [InlineData("a/b", null)]
    [InlineData(null, null)]
    public void TryParse_Fraction_ReadsItOrNothing(string? text, string? expected) => Assert.Equal(expected, FrameRate.TryParse(text)?.ToString());

    [Theory]
    [InlineData(0, 1)]
    [InlineData(8, 0)]
    [InlineData(-8, -1)]
    public void Constructor_BelowOne_Throws(int numerator, int denominator)
        => Assert.Throws<ArgumentOutOfRangeException>(() => new FrameRate(numerator, denominator));
}
