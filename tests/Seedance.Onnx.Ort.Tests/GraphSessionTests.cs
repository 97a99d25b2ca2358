using Seedance.Onnx.Execution;
using Seedance.Onnx.Packs;

namespace Seedance.Onnx.Ort;

[Trait("Tier", "Graph")]
public sealed class GraphSessionTests : IDisposable
{
    private readonly int _handles = LiveHandles.Count;
    private readonly string _folder = Directory.CreateTempSubdirectory("seedance-图-é-").FullName;

    [Fact]
    public void Run_Inputs_GiveTheOutputs()
    {
        using GraphSession session = TinyGraphs.Open(TinyGraphs.Add);
        using HostTensor left = HostTensor.From<float>([1, 2, 3, 4, 5, 6], 2, 3);
        using HostTensor right = HostTensor.From<float>([10, 20, 30, 40, 50, 60], 2, 3);

        using GraphOutputs outputs = session.Run(Inputs(("left", left), ("right", right)));

        Assert.Equal([2, 3], outputs["total"].Shape);
        Assert.Equal([11, 22, 33, 44, 55, 66], outputs["total"].AsSpan<float>());
    }

    [Fact]
    public void Run_OtherNameInTheFile_IsMapped()
    {
        GraphContract contract = TinyGraphs.Add with
        {
            Inputs = [TinyGraphs.Add.Inputs[0] with { Name = "latents" }, TinyGraphs.Add.Inputs[1]],
        };
        using GraphSession session = TinyGraphs.Open(contract);
        using HostTensor ones = HostTensor.From<float>([1, 1, 1], 1, 3);

        using GraphOutputs outputs = session.Run(Inputs(("latents", ones), ("right", ones)));

        Assert.Equal([2, 2, 2], outputs["total"].AsSpan<float>());
    }

    [Fact]
    public void Run_ExtensionsOperators_TakeAndGiveText()
    {
        using GraphSession session = TinyGraphs.Open(TinyGraphs.Words);
        using StringTensor text = StringTensor.From("A Red BALL", "", "红色的球 ÄÖ");

        using GraphOutputs outputs = session.Run(Inputs(("text", text)));

        Assert.Equal(["a red ball", "", "红色的球 äö"], outputs.Text("lower").ToArray());
        Assert.Equal([10, 0, 7], outputs["length"].AsSpan<long>());
        Assert.Throws<ArgumentException>(() => outputs["lower"]);
        Assert.Throws<ArgumentException>(() => outputs["upper"]);
    }

    [Fact]
    public void Run_MissingUnknownOrWrongInput_SaysWhatTheContractWants()
    {
        using GraphSession session = TinyGraphs.Open(TinyGraphs.Add);
        using HostTensor two = HostTensor.Allocate(ElementType.Float32, 2, 3), one = HostTensor.Allocate(ElementType.Float32, 1, 3);
        using HostTensor wide = HostTensor.Allocate(ElementType.Float32, 2, 4), whole = HostTensor.Allocate(ElementType.Int64, 2, 3);

        Assert.Contains("must have 'right' (float32 [N, 3])", Refuse(("left", two)), StringComparison.Ordinal);
        Assert.Contains("must be one of left, right, but is 'middle'", Refuse(("left", two), ("middle", two)), StringComparison.Ordinal);
        Assert.Contains("'right' must be float32 [N, 3], but is float32 [2, 4]", Refuse(("left", two), ("right", wide)), StringComparison.Ordinal);
        Assert.Contains("'right' must be float32 [N, 3], but is int64 [2, 3]", Refuse(("left", two), ("right", whole)), StringComparison.Ordinal);
        Assert.Contains("Axis N of tensor 'right' must be 2 as in 'left', but is 1", Refuse(("left", two), ("right", one)), StringComparison.Ordinal);

        string Refuse(params (string Name, GraphTensor Tensor)[] inputs) => Assert.Throws<ArgumentException>(() => session.Run(Inputs(inputs))).Message;
    }

    [Fact]
    public void Run_GraphThatFails_NamesItsRole()
    {
        using GraphSession session = TinyGraphs.Open(TinyGraphs.Pick);
        using HostTensor index = HostTensor.From<long>([7], 1);

        GraphExecutionException error = Assert.Throws<GraphExecutionException>(() => session.Run(Inputs(("index", index))));

        Assert.Equal("pick", error.Role);
        Assert.NotNull(error.InnerException);
    }

    [Fact]
    public void Run_OutputUnlikeTheContract_IsAnError()
    {
        GraphContract contract = TinyGraphs.Add with { Outputs = [TinyGraphs.Tensor("total", ElementType.Float32, 5, 3)] };
        using GraphSession session = TinyGraphs.Open(contract);
        using HostTensor two = HostTensor.From<float>([1, 2, 3, 4, 5, 6], 2, 3);

        GraphExecutionException error = Assert.Throws<GraphExecutionException>(() => session.Run(Inputs(("left", two), ("right", two))));

        Assert.Contains("'total' must be float32 [5, 3], but is float32 [2, 3]", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Run_TokenCancelledDuringTheRun_StopsInsideIt()
    {
        using GraphSession session = TinyGraphs.Open(TinyGraphs.Repeat);
        using HostTensor value = HostTensor.From<float>([1], 1), count = HostTensor.From<long>([long.MaxValue]);
        using CancellationTokenSource source = new(TimeSpan.FromMilliseconds(100));

        OperationCanceledException error = Assert.Throws<OperationCanceledException>(
            () => session.Run(Inputs(("value", value), ("count", count)), source.Token));

        Assert.Equal(source.Token, error.CancellationToken);
    }

    [Fact]
    public void Open_ContractThatTheFileDoesNotMeet_ListsEveryDifference()
    {
        GraphContract contract = TinyGraphs.Add with
        {
            Inputs = [TinyGraphs.Tensor("left", ElementType.Float16, "N", 3), TinyGraphs.Tensor("right", ElementType.Float32, "N", 5)],
            Outputs = [TinyGraphs.Tensor("total", ElementType.Float32, "N"), TinyGraphs.Tensor("sum", ElementType.Float32, "N", 3)],
        };

        ModelPackException error = Assert.Throws<ModelPackException>(() => TinyGraphs.Open(contract));

        Assert.Equal(
            [
                "graph 'add' input 'left' must be float16 [N, 3], but the file has float32 [N, 3]. Export it again, or map the name in seedance.json.",
                "graph 'add' input 'right' must be float32 [N, 5], but the file has float32 [N, 3]. Export it again, or map the name in seedance.json.",
                "graph 'add' output 'total' must be float32 [N], but the file has float32 [N, 3]. Export it again, or map the name in seedance.json.",
                "graph 'add' output 'sum' must be float32 [N, 3], but the file has only total. Export it again, or map the name in seedance.json.",
            ],
            error.Problems);
    }

    [Fact]
    public void Open_LetterThatTheFileMakesTwoNumbers_IsAProblem()
    {
        GraphContract contract = TinyGraphs.External with
        {
            File = "fixed_letters.onnx",
            Inputs = [TinyGraphs.Tensor("value", ElementType.Float32, "D", "D")],
            Outputs = [TinyGraphs.Tensor("turned", ElementType.Float32, "D", "D")],
        };

        ModelPackException error = Assert.Throws<ModelPackException>(() => TinyGraphs.Open(contract));

        Assert.Contains("axis D must be 2 as in 'value', but the file has 3", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Open_InputThatTheContractDoesNotDeclare_IsAProblem()
    {
        GraphContract contract = TinyGraphs.Add with { Inputs = [TinyGraphs.Add.Inputs[0]] };

        ModelPackException error = Assert.Throws<ModelPackException>(() => TinyGraphs.Open(contract));

        Assert.Contains("input 'right' must be declared", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Open_OptionalTensorThatTheFileLacks_IsLeftOut()
    {
        GraphContract contract = TinyGraphs.Add with
        {
            Inputs = TinyGraphs.Add.Inputs.Add(TinyGraphs.Tensor("mask", ElementType.Int64, "N") with { Optional = true }),
        };

        using GraphSession session = TinyGraphs.Open(contract);

        Assert.Null(session.Contract.FindInput("mask"));
        Assert.NotNull(session.Contract.FindInput("right"));
    }

    [Fact]
    public void Open_MissingOrMalformedFile_IsAPackError()
    {
        File.WriteAllText(Path.Combine(_folder, "broken.onnx"), "no graph");

        ModelPackException missing = Assert.Throws<ModelPackException>(() => GraphSession.Open(_folder, TinyGraphs.Add, ExecutionTarget.Cpu));
        ModelPackException broken = Assert.Throws<ModelPackException>(
            () => GraphSession.Open(_folder, TinyGraphs.Add with { File = "broken.onnx" }, ExecutionTarget.Cpu));

        Assert.Contains("'add.onnx' of graph 'add' must be there, but is missing", missing.Message, StringComparison.Ordinal);
        Assert.Contains("'broken.onnx' of graph 'add' must be a graph that ONNX Runtime can load", broken.Message, StringComparison.Ordinal);
        Assert.NotNull(broken.InnerException);
    }

    [Fact]
    public void Open_WeightsInTheFolder_AreUsed()
    {
        using GraphSession session = TinyGraphs.Open(TinyGraphs.External);
        using HostTensor ones = HostTensor.From<float>([1, 1, 1, 1], 1, 4);

        using GraphOutputs outputs = session.Run(Inputs(("value", ones)));

        Assert.Equal([2, 3, 4, 5], outputs["scaled"].AsSpan<float>());
    }

    [Fact]
    public void Open_WeightsOutsideTheFolder_AreRefused()
    {
        string inside = Path.Combine(_folder, "pack");
        Directory.CreateDirectory(inside);
        File.Copy(Path.Combine(TinyGraphs.Folder, "weight.bin"), Path.Combine(_folder, "weight.bin"));
        File.Copy(Path.Combine(TinyGraphs.Folder, "external_outside.onnx"), Path.Combine(inside, "external.onnx"));

        ModelPackException error = Assert.Throws<ModelPackException>(() => GraphSession.Open(inside, TinyGraphs.External, ExecutionTarget.Cpu));

        Assert.Contains("escapes", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Open_WeightsBehindALinkThatLeadsOut_AreRefused()
    {
        string inside = Path.Combine(_folder, "pack");
        Directory.CreateDirectory(inside);
        File.Copy(Path.Combine(TinyGraphs.Folder, "weight.bin"), Path.Combine(_folder, "weight.bin"));
        File.Copy(Path.Combine(TinyGraphs.Folder, "external.onnx"), Path.Combine(inside, "external.onnx"));
        File.CreateSymbolicLink(Path.Combine(inside, "weight.bin"), Path.Combine("..", "weight.bin"));

        ModelPackException error = Assert.Throws<ModelPackException>(() => GraphSession.Open(inside, TinyGraphs.External, ExecutionTarget.Cpu));

        Assert.Contains("escapes", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Open_FolderWithOtherLetters_Works()
    {
        File.Copy(Path.Combine(TinyGraphs.Folder, "add.onnx"), Path.Combine(_folder, "add.onnx"));

        using GraphSession session = GraphSession.Open(_folder, TinyGraphs.Add, ExecutionTarget.Cpu with { Threads = 1 });

        Assert.Equal(1, session.Target.Target.Threads);
    }

    [Fact]
    public void Dispose_Session_RefusesNewWork()
    {
        GraphSession session = TinyGraphs.Open(TinyGraphs.Add);

        session.Dispose();

        Assert.Throws<ObjectDisposedException>(() => session.Allocate(ElementType.Float32, 1, 3));
        Assert.Throws<ObjectDisposedException>(() => session.CreateBinding());
        Assert.Throws<ObjectDisposedException>(() => session.Run(Inputs()));
    }

    public void Dispose()
    {
        Directory.Delete(_folder, recursive: true);
        Assert.Equal(_handles, LiveHandles.Count);
    }

    private static Dictionary<string, GraphTensor> Inputs(params (string Name, GraphTensor Tensor)[] inputs) =>
        inputs.ToDictionary(input => input.Name, input => input.Tensor, StringComparer.Ordinal);
}
