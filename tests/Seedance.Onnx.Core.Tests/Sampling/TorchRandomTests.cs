using System.Text.Json.Serialization;
using Seedance.Onnx.Sampling;
using Seedance.Onnx.Testing;

namespace Seedance.Onnx.Core.Tests.Sampling;

[Trait("Tier", "Unit")]
public sealed class TorchRandomTests
{
    private static readonly GoldenFile File = Golden.Read<GoldenFile>("randn.json");

    public static TheoryData<int> Cases => [.. Enumerable.Range(0, File.Cases.Length)];

    [Theory, MemberData(nameof(Cases))]
    public void FillNormal_OfASeedAndCount_EqualsTorch(int index)
    {
        GoldenCase expected = File.Cases[index];

        float[] actual = Normal(new TorchRandom(expected.Seed), expected.Count);

        NumericAssert.Close<float>(expected.First, actual.AsSpan(0, expected.First.Length), Golden.Normal);
        NumericAssert.Close<float>(expected.Last, actual.AsSpan()[^expected.Last.Length..], Golden.Normal);
        double room = Golden.Normal.Absolute * expected.Count;
        NumericAssert.Close(expected.Sum, actual.Sum(value => (double)value), new Tolerance("each value's tolerance, summed", room, 0));
        NumericAssert.Close(expected.Sumsq, actual.Sum(value => (double)value * value), new Tolerance("each value's tolerance, squared and summed", room * 2, 0));
    }

    [Fact]
    public void FillNormal_TwiceFromOneGenerator_EqualsTorch()
    {
        var random = new TorchRandom(7);

        float[] first = Normal(random, 33), second = Normal(random, 20);

        NumericAssert.Close<float>(File.Consecutive[0], first.AsSpan(0, 4), Golden.Normal);
        NumericAssert.Close<float>(File.Consecutive[1], second.AsSpan(0, 4), Golden.Normal);
    }

    [Fact]
    public void FillUniform_OfSeed0_EqualsTorchBitForBit()
    {
        float[] actual = new float[File.UniformSeed0.Length];

        new TorchRandom(0).FillUniform(actual);

        Assert.Equal(File.UniformSeed0, actual);
    }

    [Theory, InlineData(3, 2), InlineData(5, 10), InlineData(1, 14)]
    public void FillNormal_FewThenFew_ContinuesOnePairedStream(int first, int second)
    {
        float[] together = Normal(new TorchRandom(5), first + second);
        var random = new TorchRandom(5);

        float[] apart = [.. Normal(random, first), .. Normal(random, second)];

        Assert.Equal(together, apart);
    }

    [Fact]
    public void FillNormal_ManyBetweenFew_KeepsTheSpareNormal()
    {
        float spare = Normal(new TorchRandom(5), 2)[1];
        var random = new TorchRandom(5);
        _ = Normal(random, 1);
        _ = Normal(random, 64);

        float next = Normal(random, 1)[0];

        Assert.Equal(spare, next);
    }

    [Fact]
    public void FillNormal_SeedsThatShareTheirLowBits_AreTheSame()
    {
        Assert.Equal(Normal(new TorchRandom(7), 40), Normal(new TorchRandom((1ul << 40) + 7), 40));
        Assert.NotEqual(Normal(new TorchRandom(7), 40), Normal(new TorchRandom(8), 40));
    }

    [Fact]
    public void FillNormal_ManyValues_HasTheMomentsOfANormal()
    {
        float[] values = Normal(new TorchRandom(3), 1 << 20);

        Assert.InRange(values.Average(), -0.004, 0.004);
        Assert.InRange(values.Average(value => (double)value * value), 0.994, 1.006);
        Assert.All(values, value => Assert.True(float.IsFinite(value)));
    }

    [Fact]
    public void FillNormal_AnyCount_AllocatesNothing()
    {
        var random = new TorchRandom(1);
        float[] values = new float[1001];
        random.FillNormal(values);
        long before = GC.GetAllocatedBytesForCurrentThread();

        random.FillNormal(values);
        random.FillNormal(values.AsSpan(0, 7));
        long allocated = GC.GetAllocatedBytesForCurrentThread() - before;

        Assert.Equal(0, allocated);
    }

    private static float[] Normal(TorchRandom random, int count)
    {
        float[] values = new float[count];
        random.FillNormal(values);
        return values;
    }

    private sealed record GoldenFile(GoldenCase[] Cases, float[][] Consecutive, [property: JsonPropertyName("uniform_seed0")] float[] UniformSeed0);

    private sealed record GoldenCase(ulong Seed, int Count, float[] First, float[] Last, double Sum, double Sumsq);
}
