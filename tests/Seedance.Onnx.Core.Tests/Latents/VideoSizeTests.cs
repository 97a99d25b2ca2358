using Seedance.Onnx.Latents;

namespace Seedance.Onnx.Core.Tests.Latents;

[Trait("Tier", "Unit")]
public sealed class VideoSizeTests
{
    [Fact]
    public void TryParse_ASize_ReadsBothSides()
    {
        Assert.True(VideoSize.TryParse("832x480", out VideoSize size));
        Assert.Equal(new VideoSize(832, 480), size);
        Assert.Equal("832x480", size.ToString());
    }

    [Theory]
    [InlineData(null), InlineData(""), InlineData("x"), InlineData("96"), InlineData("96x"), InlineData("x64"), InlineData("0x64"), InlineData("96x0"), InlineData("096x64")]
    [InlineData("-96x64"), InlineData("+96x64"), InlineData(" 96x64"), InlineData("96 x 64"), InlineData("96X64"), InlineData("96x64x3"), InlineData("99999999999x64"), InlineData("９６x64")]
    public void TryParse_AnythingElse_IsNoSize(string? text)
    {
        Assert.False(VideoSize.TryParse(text, out VideoSize size));
        Assert.Equal(default, size);
    }

    [Theory, InlineData(100, 96), InlineData(104, 112), InlineData(96, 96), InlineData(3, 16), InlineData(-5, 16), InlineData(int.MaxValue, 2147483632)]
    public void NearestMultiple_OfASide_IsOnTheGrid(int side, int expected)
    {
        Assert.Equal(new VideoSize(expected, 16), new VideoSize(side, 16).NearestMultiple(16));
    }

    [Theory, InlineData("16:9", "96x64"), InlineData("1:1", "80x80"), InlineData("9:16", "64x96"), InlineData("5:4", "96x64"), InlineData("100:99", "80x80"), InlineData("1000:1", "96x64")]
    public void Nearest_OfARatio_IsTheSizeOfThatShape(string ratio, string expected)
    {
        VideoSize[] sizes = [new(96, 64), new(80, 80), new(64, 96)];

        Assert.True(AspectRatio.TryParse(ratio, out AspectRatio parsed));
        Assert.Equal(expected, parsed.Nearest(sizes).ToString());
        Assert.Equal(ratio, parsed.ToString());
    }

    [Theory, InlineData("16x9"), InlineData("0:9"), InlineData(":"), InlineData("wide"), InlineData(null)]
    public void TryParse_NoRatio_IsNone(string? text)
    {
        Assert.False(AspectRatio.TryParse(text, out _));
    }
}
