using System.Diagnostics;
using Seedance.Onnx.Media;
using Seedance.Onnx.Requests;
using Seedance.Onnx.Testing;

namespace Seedance.Onnx;

/// <summary>What a pipeline gives back when it is disposed. Runs alone: the memory of other tests would be counted too.</summary>
[Collection(RunsAlone.Name)]
[Trait("Tier", "Graph")]
public sealed class VideoPipelineMemoryTests
{
    [Fact]
    public async Task OpenAndDispose_50Times_ReturnsToTheStartTo5Percent()
    {
        for (int i = 0; i < 10; i++)
        {
            await OpenGenerateDispose();
        }

        long before = ResidentBytes();

        for (int i = 0; i < 50; i++)
        {
            await OpenGenerateDispose();
        }

        long after = ResidentBytes();
        Assert.True(after <= before * 1.05, $"Resident memory must stay within 5 % of {before >> 20} MiB, but is {after >> 20} MiB.");
    }

    private static async Task OpenGenerateDispose()
    {
        await using VideoPipeline pipeline = await VideoPipeline.OpenAsync(RepositoryFolder.PathOf("tests", "Shared", "tiny-pack"));
        await foreach (VideoFrame frame in pipeline.GenerateAsync(new VideoRequest { Prompt = "a red ball", Steps = 2, Frames = 1 }))
        {
            Assert.NotEqual(0, frame.Pixels.Length);
        }
    }

    private static long ResidentBytes()
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
        GC.Collect();
        using Process process = Process.GetCurrentProcess();
        return process.WorkingSet64;
    }
}
