using Seedance.Onnx.Latents;

namespace Seedance.Onnx.Core.Tests.Latents;

[Trait("Tier", "Unit")]
public sealed class LatentGeometryTests
{
    [Theory, InlineData(1, 1), InlineData(5, 2), InlineData(17, 5), InlineData(41, 11), InlineData(81, 21)]
    public void LatentFrames_CausalFirstFrame_KeepsTheFirstAlone(int frames, int latentFrames)
    {
        LatentGeometry geometry = Geometry(causal: true);

        Assert.Equal(latentFrames, geometry.LatentFrames(frames));
        Assert.Equal(frames, geometry.Frames(latentFrames));
    }

    [Theory, InlineData(4, 1), InlineData(16, 4)]
    public void LatentFrames_NotCausal_FoldsEveryFrame(int frames, int latentFrames)
    {
        LatentGeometry geometry = Geometry(causal: false);

        Assert.Equal(latentFrames, geometry.LatentFrames(frames));
        Assert.Equal(frames, geometry.Frames(latentFrames));
        Assert.Equal("a multiple of 4", geometry.FramesRule);
    }

    [Theory, InlineData(true, 17, "0 0 0 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16"), InlineData(false, 8, "0 1 2 3 4 5 6 7")]
    public void FrameAt_EveryPlace_IsAFrameOfThatLatentFrame(bool causal, int frames, string expected)
    {
        LatentGeometry geometry = Geometry(causal);
        int latentFrames = geometry.LatentFrames(frames);

        int[] all = [.. Enumerable.Range(0, latentFrames * 4).Select(i => geometry.FrameAt(i / 4, i % 4))];

        Assert.Equal(expected, string.Join(' ', all));
        Assert.All(all.Index(), place => Assert.Equal(place.Index / 4, geometry.LatentFrameOf(place.Item)));
    }

    [Theory, InlineData(0), InlineData(-3), InlineData(2), InlineData(16), InlineData(int.MinValue), InlineData(int.MaxValue)]
    public void LatentFrames_NotOnTheGrid_IsRefused(int frames)
    {
        LatentGeometry geometry = Geometry(causal: true);

        Assert.False(geometry.IsValidFrames(frames));
        Assert.Contains("1 + a multiple of 4", Assert.Throws<ArgumentOutOfRangeException>(() => geometry.LatentFrames(frames)).Message);
    }

    [Theory]
    [InlineData(16, 41, 17), InlineData(15, 41, 17), InlineData(14.9, 41, 13), InlineData(18.9, 41, 17), InlineData(0, 41, 1), InlineData(-50, 41, 1)]
    [InlineData(1e12, 41, 41), InlineData(40, 41, 41), InlineData(60, 40, 37), InlineData(5, 1, 1)]
    public void NearestFrames_OfAWish_IsValidAndInRange(double wish, int most, int expected)
    {
        Assert.Equal(expected, Geometry(causal: true).NearestFrames(wish, most));
    }

    [Fact]
    public void LatentsOf_AClip_DividesSidesByTheStride()
    {
        LatentShape shape = Geometry(causal: true).LatentsOf(new VideoSize(96, 64), 17);

        Assert.Equal(new LatentShape(2, 5, 8, 12), shape);
        Assert.Equal(960, shape.Length);
        Assert.Equal("[2, 5, 8, 12]", shape.ToString());
        Assert.Equal(new VideoSize(96, 64), Geometry(causal: true).SizeOf(shape));
    }

    [Theory, InlineData(0, 64), InlineData(96, -8), InlineData(97, 64)]
    public void LatentsOf_SidesOffTheGrid_AreRefused(int width, int height)
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => Geometry(causal: true).LatentsOf(new VideoSize(width, height), 17));
    }

    [Fact]
    public void LatentShape_OfALongLargeClip_CountsBeyond32Bits()
    {
        Assert.Equal(48L * 1000 * 512 * 512, new LatentShape(48, 1000, 512, 512).Length);
    }

    [Fact]
    public void FramesRule_OfStride1_IsAnyLength()
    {
        LatentGeometry geometry = Geometry(causal: true) with { TemporalStride = 1 };

        Assert.Equal("at least 1", geometry.FramesRule);
        Assert.True(geometry.IsValidFrames(2));
        Assert.Equal(2, geometry.LatentFrames(2));
    }

    private static LatentGeometry Geometry(bool causal) => new()
    {
        Channels = 2,
        TemporalStride = 4,
        SpatialStride = 8,
        CausalFirstFrame = causal,
        Mean = [0, 0],
        Std = [1, 1],
    };
}
