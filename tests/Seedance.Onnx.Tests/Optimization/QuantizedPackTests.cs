using Seedance.Onnx.Graphs.Precision;
using Seedance.Onnx.Requests;
using Seedance.Onnx.Testing;
using Xunit.Abstractions;

namespace Seedance.Onnx.Optimization;

/// <summary>What 8-bit products in the transformers do to the frames of the shipped pack: eight guided steps, and the distilled four.</summary>
[Trait("Tier", "Model")]
public sealed class QuantizedPackTests(ITestOutputHelper output)
{
    private const double LeastDecibels = 30;

    [Fact]
    public async Task GenerateAsync_Int8Transformers_FramesAreAtLeast30DecibelsFromSinglePrecision()
    {
        using TemporaryFolder folder = new();
        ModelOptimizationRequest request = new()
        {
            Input = ReferenceRun.Pack,
            Output = folder.PathOf("int8"),
            Precision = GraphPrecision.Int8,
            Roles = ["transformer", "transformer_distilled"],
            Samples = 0,
        };

        ModelOptimization result = await ModelOptimizer.OptimizeAsync(request);

        Assert.All(result.Graphs, graph => Assert.InRange(graph.BytesAfter, 1, 0.6 * graph.BytesBefore));
        VideoRequest[] videos = [ReferenceRun.Request, new VideoRequest { Prompt = "一个蓝色的方块变大,白色背景", Seed = 5 }];
        byte[][] exact = await PixelsOf(ReferenceRun.Pack, videos), near = await PixelsOf(request.Output, videos);
        double[] decibels = [.. exact.Zip(near, Psnr)];
        output.WriteLine($"{result.Graphs[0].Precision.Converted.Length} nodes in int8, none kept: {string.Join(" and ", decibels.Select(value => $"{value:0.0}"))} dB");
        Assert.All(decibels, value => Assert.InRange(value, LeastDecibels, 99));
    }

    private static async Task<byte[][]> PixelsOf(string pack, VideoRequest[] requests)
    {
        await using VideoPipeline pipeline = await VideoPipeline.OpenAsync(pack);
        List<byte[]> videos = [];
        foreach (VideoRequest request in requests)
        {
            List<byte> pixels = [];
            await foreach (Media.VideoFrame frame in pipeline.GenerateAsync(request))
            {
                pixels.AddRange(frame.Pixels.Span);
            }

            videos.Add([.. pixels]);
        }

        return [.. videos];
    }

    private static double Psnr(byte[] expected, byte[] actual)
    {
        Assert.Equal(expected.Length, actual.Length);
        double squares = expected.Zip(actual, (e, a) => (double)((e - a) * (e - a))).Sum();
        return 10 * Math.Log10(255.0 * 255.0 * expected.Length / squares);
    }
}
