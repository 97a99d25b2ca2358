namespace Seedance.Onnx.Cli;

/// <summary>Sizes as people read them.</summary>
[Trait("Tier", "Unit")]
public sealed class QuantityTests
{
    [Theory]
    [InlineData(0, "0 bytes")]
    [InlineData(999, "999 bytes")]
    [InlineData(1000, "1.0 kB")]
    [InlineData(23_040, "23 kB")]
    [InlineData(999_499, "999 kB")]
    [InlineData(999_500, "1.0 MB")]
    [InlineData(25_300_000_000, "25 GB")]
    public void Bytes_Number_HasTheUnitThatFits(long bytes, string expected)
    {
        Assert.Equal(expected, Quantity.Bytes(bytes));
    }
}
