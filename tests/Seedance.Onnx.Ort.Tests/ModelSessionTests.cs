using Seedance.Onnx.Execution;

namespace Seedance.Onnx.Ort;

/// <summary>Files that no contract describes.</summary>
[Trait("Tier", "Graph")]
public sealed class ModelSessionTests
{
    private readonly int _handles = LiveHandles.Count;

    [Fact]
    public void Run_AnyFile_GivesEveryOutputByTheFilesNames()
    {
        using ModelSession session = Open("add");
        using HostTensor left = HostTensor.From<float>([1, 2, 3], 1, 3), right = HostTensor.From<float>([10, 20, 30], 1, 3);

        using GraphOutputs outputs = session.Run(new Dictionary<string, GraphTensor> { ["left"] = left, ["right"] = right });

        Assert.Equal("total", Assert.Single(outputs.Tensors).Key);
        Assert.Equal([11, 22, 33], outputs["total"].AsSpan<float>());
    }

    [Fact]
    public void Run_Text_GoesInAndOut()
    {
        using ModelSession session = Open("words");
        using StringTensor text = StringTensor.From("A Red BALL", "ÄÖ");

        using GraphOutputs outputs = session.Run(new Dictionary<string, GraphTensor> { ["text"] = text });

        Assert.Equal(["a red ball", "äö"], outputs.Text("lower").ToArray());
        Assert.Equal([10, 2], outputs["length"].AsSpan<long>());
    }

    [Fact]
    public void Run_MissingInput_NamesTheModel()
    {
        using ModelSession session = Open("add");

        GraphExecutionException error = Assert.Throws<GraphExecutionException>(() => session.Run(new Dictionary<string, GraphTensor>()));

        Assert.Equal("add.onnx", error.Role);
    }

    [Fact]
    public void Open_NoGraph_SaysWhatTheRuntimeSays()
    {
        string path = Path.Combine(TinyGraphs.Folder, "weight.bin");

        GraphExecutionException error = Assert.Throws<GraphExecutionException>(() => ModelSession.Open(path, "weights", ExecutionTarget.Cpu.Resolve()));

        Assert.Contains("ONNX Runtime can load on 'cpu'", error.Message, StringComparison.Ordinal);
        Assert.NotNull(error.InnerException);
    }

    [Fact]
    public void Run_Cancelled_StopsWithTheToken()
    {
        using ModelSession session = Open("add");
        using CancellationTokenSource source = new();
        source.Cancel();

        OperationCanceledException error = Assert.ThrowsAny<OperationCanceledException>(() => session.Run(new Dictionary<string, GraphTensor>(), source.Token));

        Assert.Equal(source.Token, error.CancellationToken);
    }

    [Fact]
    public void Dispose_SessionFirst_OutputsStay()
    {
        ModelSession session = Open("add");
        HostTensor one = HostTensor.From<float>([1, 2, 3], 1, 3);
        GraphOutputs outputs = session.Run(new Dictionary<string, GraphTensor> { ["left"] = one, ["right"] = one });
        session.Dispose();

        float[] total = outputs["total"].AsSpan<float>().ToArray();
        outputs.Dispose();
        one.Dispose();

        Assert.Equal([2, 4, 6], total);
        Assert.Equal(_handles, LiveHandles.Count);
        Assert.Throws<ObjectDisposedException>(() => session.Run(new Dictionary<string, GraphTensor>()));
    }

    private static ModelSession Open(string name) => ModelSession.Open(Path.Combine(TinyGraphs.Folder, name + ".onnx"), name + ".onnx", ExecutionTarget.Cpu.Resolve());
}
