using Google.Protobuf;
using Seedance.Onnx.Graphs.Inspection;
using Seedance.Onnx.Graphs.Optimization;
using Seedance.Onnx.Graphs.Tests.Running;
using Seedance.Onnx.Testing;

namespace Seedance.Onnx.Graphs.Tests.Storage;

[Trait("Tier", "Unit")]
public sealed class LargeModelTests
{
    private const int Layers = 50;
    private const long Width = 4096;
    private const long LayerBytes = Width * Width * 4;

    [Fact]
    public void Optimize_ThreeGigabytesOfExternalData_StaysSmall()
    {
        using TemporaryFolder folder = new();
        string path = folder.PathOf("large.onnx");
        WriteModel(path);
        long before = GC.GetAllocatedBytesForCurrentThread();

        OnnxModel model = OnnxModel.Load(path);
        GraphSummary summary = GraphSummary.Of(model);
        OptimizationReport report = GraphOptimizer.Optimize(model, new OptimizationOptions());

        // All that this thread, which does everything, ever allocated, and not only what is left: a sixth of the file.
        long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        Assert.True(summary.InitializerBytes > 3L << 30);
        Assert.Equal(Layers, report.ChangesOf("activations"));
        Assert.True(allocated < 500L << 20, $"Managed memory must stay below 500 MiB, but {allocated >> 20} MiB were allocated.");
        Assert.Equal(folder.PathOf("large.onnx.data"), model.Graph.Initializers.Find("w7")!.File);
    }

    [Fact]
    public void Save_TensorBeyondTwoGigabytesInAFile_IsFound()
    {
        using TemporaryFolder folder = new();
        string path = folder.PathOf("large.onnx");
        WriteModel(path);

        OnnxTensor last = OnnxModel.Load(path).Graph.Initializers.Find($"w{Layers - 1}")!;

        Assert.Equal(Layers, last.ToArray<float>()[0]);
    }

    [Fact]
    public async Task Save_CancelledWhileWeightsAreWritten_LeavesNothing()
    {
        using TemporaryFolder folder = new();
        WriteModel(folder.PathOf("large.onnx"));
        OnnxModel model = OnnxModel.Load(folder.PathOf("large.onnx"));
        using CancellationTokenSource source = new();

        Task saving = Task.Run(() => model.Save(folder.PathOf("copy.onnx"), cancellationToken: source.Token));
        while (!saving.IsCompleted && !File.Exists(folder.PathOf("copy.onnx.data.partial")))
        {
            await Task.Delay(1);
        }

        await source.CancelAsync();

        await Assert.ThrowsAsync<OperationCanceledException>(() => saving);
        Assert.Equal(["large.onnx", "large.onnx.data"], Directory.GetFiles(folder.Path).Select(file => Path.GetFileName(file)).Order(StringComparer.Ordinal));
    }

    /// <summary>A chain of layers whose weights lie in one file with holes: it takes no room on the disk. Only the first element of each is not 0.</summary>
    private static void WriteModel(string path)
    {
        using (FileStream data = File.Create(path + ".data"))
        {
            data.SetLength(Layers * LayerBytes);
            for (int layer = 0; layer < Layers; layer++)
            {
                data.Position = layer * LayerBytes;
                data.Write(BitConverter.GetBytes((float)(layer + 1)));
            }
        }

        using FileStream file = File.Create(path);
        LargeModel.Describe(Path.GetFileName(path) + ".data", Layers, Width).WriteTo(file);
    }
}
