using Seedance.Onnx.Graphs.Precision;
using Seedance.Onnx.Requests;
using Seedance.Onnx.Testing;
using Xunit.Abstractions;

namespace Seedance.Onnx.Optimization;

/// <summary>What 8-bit products do to the frames of the shipped pack.</summary>
[Trait("Tier", "Model")]
public sealed class QuantizedPackTests(ITestOutputHelper output)
{
    [Theory]
    [InlineData(0)]
    [InlineData(8)]
    [InlineData(16)]
    public async Task Explore(int keeps)
    {
        using TemporaryFolder folder = new();
        string quantized = folder.PathOf("int8");
        ModelOptimization result = await ModelOptimizer.OptimizeAsync(new ModelOptimizationRequest
        {
            Input = ReferenceRun.Pack,
            Output = quantized,
            Precision = GraphPrecision.Int8,
            Roles = ["transformer"],
            SensitiveKeeps = keeps,
            Samples = 2,
        });
        output.WriteLine(string.Join(", ", result.Graphs[0].SensitiveKeeps));
        output.WriteLine(result.Graphs[0].Differences[0].ToString());
        foreach (VideoRequest request in new[] { ReferenceRun.Request, new VideoRequest { Prompt = "一个红色的球向右移动", Seed = 3 }, new VideoRequest { Prompt = "a green star on the right moves left", Seed = 2 } })
        {
            byte[] exact = await PixelsOf(ReferenceRun.Pack, request), near = await PixelsOf(quantized, request);
            output.WriteLine($"keeps {keeps}: PSNR {Psnr(exact, near):0.0}");
        }
    }

    private static async Task<byte[]> PixelsOf(string pack, VideoRequest request)
    {
        await using VideoPipeline pipeline = await VideoPipeline.OpenAsync(pack);
        List<byte> pixels = [];
        await foreach (Media.VideoFrame frame in pipeline.GenerateAsync(request))
        {
            pixels.AddRange(frame.Pixels.Span);
        }

        return [.. pixels];
    }

    private static double Psnr(ReadOnlySpan<byte> expected, ReadOnlySpan<byte> actual)
    {
        double squares = 0;
        for (int i = 0; i < expected.Length; i++)
        {
            squares += (expected[i] - actual[i]) * (expected[i] - actual[i]);
        }

        return 10 * Math.Log10(255.0 * 255.0 * expected.Length / Math.Max(squares, 1e-9));
    }
}
