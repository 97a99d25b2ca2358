using Seedance.Onnx.Execution;
using Seedance.Onnx.Media;
using Seedance.Onnx.Ort;
using Seedance.Onnx.Packs;
using Seedance.Onnx.Requests;
using Seedance.Onnx.Testing;
using Xunit.Abstractions;

namespace Seedance.Onnx;

/// <summary>The shipped pack on a device whose memory is not the processor's. Small and short, because the device may be software.</summary>
[Trait("Tier", "Device")]
public sealed class VideoPipelineDeviceTests(ITestOutputHelper output)
{
    private static readonly VideoRequest Request = new() { Prompt = "a red ball moves to the right", Seed = 5, Frames = 1, Steps = 2, Guidance = 1 };

    [SkippableFact]
    public async Task GenerateAsync_ShippedPackOnWebGpu_FramesAreAtLeast40DecibelsFromTheCpu()
    {
        ResolvedTarget device = VulkanDevice.Require();

        byte[] expected = await PixelsOf(ReferenceRun.Pack, ExecutionTarget.Cpu), actual = await PixelsOf(ReferenceRun.Pack, device.Target);

        double psnr = Psnr(expected, actual);
        output.WriteLine($"{psnr:0.0} dB");
        Assert.True(psnr >= 40, $"PSNR must be at least 40 dB, but is {psnr:0.0}.");
    }

    [SkippableFact]
    public async Task GenerateAsync_TwiceOnWebGpu_GivesTheSameBytesAndSaysWhatRanWhere()
    {
        string pack = RepositoryFolder.PathOf("tests", "Shared", "tiny-pack");
        await using VideoPipeline pipeline = await VideoPipeline.OpenAsync(pack, new PipelineOptions { Target = VulkanDevice.Require().Target });

        byte[] first = await PixelsOf(pipeline), second = await PixelsOf(pipeline);

        Assert.Equal(first, second);
        Assert.True(Psnr(await PixelsOf(pack, ExecutionTarget.Cpu), first) >= 40);
        Assert.All(pipeline.Graphs, graph =>
            Assert.Equal(graph.Role == GraphRoles.Tokenizer ? ExecutionProvider.Cpu : ExecutionProvider.WebGpu, graph.Provider));
    }

    private static async Task<byte[]> PixelsOf(string pack, ExecutionTarget target)
    {
        await using VideoPipeline pipeline = await VideoPipeline.OpenAsync(pack, new PipelineOptions { Target = target });
        return await PixelsOf(pipeline);
    }

    private static async Task<byte[]> PixelsOf(VideoPipeline pipeline)
    {
        List<byte> pixels = [];
        await foreach (VideoFrame frame in pipeline.GenerateAsync(Request))
        {
            pixels.AddRange(frame.Pixels.Span);
        }

        return [.. pixels];
    }

    private static double Psnr(byte[] expected, byte[] actual)
    {
        Assert.Equal(expected.Length, actual.Length);
        double squares = expected.Zip(actual, (e, a) => (double)(e - a) * (e - a)).Sum();
        return 10 * Math.Log10(255.0 * 255.0 * expected.Length / Math.Max(squares, 1e-9));
    }
}
