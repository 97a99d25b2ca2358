using Seedance.Onnx.Packs;

namespace Seedance.Onnx.Ort;

[Trait("Tier", "Graph")]
public sealed class GraphBindingTests : IDisposable
{
    private readonly int _handles = LiveHandles.Count;

    [Fact]
    public void Run_StateBoundBackAndForth_StaysOnTheDevice()
    {
        using GraphSession session = TinyGraphs.Open(TinyGraphs.Add);
        using DeviceTensor first = session.Allocate(ElementType.Float32, 1, 3), second = session.Allocate(ElementType.Float32, 1, 3);
        using HostTensor step = HostTensor.From<float>([1, 2, 3], 1, 3), landed = HostTensor.From<float>([0, 0, 0], 1, 3);
        using GraphBinding forth = Bind(session, first, step, second), back = Bind(session, second, step, first);
        first.CopyFrom(landed);

        for (int turn = 0; turn < 5; turn++)
        {
            forth.Run();
            back.Run();
        }

        first.CopyTo(landed);
        Assert.Equal([10, 20, 30], landed.AsSpan<float>());
    }

    [Fact]
    public void Run_HostInputWrittenBetweenRuns_IsReadByTheNextRun()
    {
        using GraphSession session = TinyGraphs.Open(TinyGraphs.Add);
        using HostTensor left = HostTensor.From<float>([1, 1, 1], 1, 3), right = HostTensor.From<float>([1, 1, 1], 1, 3);
        using HostTensor total = HostTensor.Allocate(ElementType.Float32, 1, 3);
        using GraphBinding binding = Bind(session, left, right, total);
        binding.Run();

        right.AsSpan<float>().Fill(41);
        binding.Run();

        Assert.Equal([42, 42, 42], total.AsSpan<float>());
    }

    [Fact]
    public void Run_AfterTheFirst_AllocatesNothing()
    {
        using GraphSession session = TinyGraphs.Open(TinyGraphs.Add);
        using DeviceTensor value = session.Allocate(ElementType.Float32, 4, 3), total = session.Allocate(ElementType.Float32, 4, 3);
        using GraphBinding binding = Bind(session, value, value, total);
        using CancellationTokenSource source = new();
        binding.Run(source.Token);

        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int turn = 0; turn < 100; turn++)
        {
            binding.Run(source.Token);
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    [Fact]
    public void Run_TokenCancelledDuringTheRun_StopsInsideItAndRunsAgain()
    {
        using GraphSession session = TinyGraphs.Open(TinyGraphs.Repeat);
        using HostTensor value = HostTensor.From<float>([3], 1), count = HostTensor.From<long>([long.MaxValue]), result = HostTensor.From<float>([0], 1);
        using GraphBinding binding = session.CreateBinding();
        binding.BindInput("value", value);
        binding.BindInput("count", count);
        binding.BindOutput("result", result);
        using CancellationTokenSource source = new(TimeSpan.FromMilliseconds(100));

        OperationCanceledException error = Assert.Throws<OperationCanceledException>(() => binding.Run(source.Token));
        count.AsSpan<long>()[0] = 2;
        binding.Run(CancellationToken.None);

        Assert.Equal(source.Token, error.CancellationToken);
        Assert.NotNull(error.InnerException);
        Assert.Equal([3], result.AsSpan<float>());
    }

    [Fact]
    public void Run_TokenCancelledBefore_DoesNotStart()
    {
        using GraphSession session = TinyGraphs.Open(TinyGraphs.Add);
        using HostTensor one = HostTensor.From<float>([1, 1, 1], 1, 3), total = HostTensor.From<float>([0, 0, 0], 1, 3);
        using GraphBinding binding = Bind(session, one, one, total);

        Assert.Throws<OperationCanceledException>(() => binding.Run(new CancellationToken(canceled: true)));

        Assert.Equal([0, 0, 0], total.AsSpan<float>());
    }

    [Fact]
    public void Run_GraphThatFails_NamesItsRoleAndRunsAgain()
    {
        using GraphSession session = TinyGraphs.Open(TinyGraphs.Pick);
        using HostTensor index = HostTensor.From<long>([7], 1), row = HostTensor.Allocate(ElementType.Float32, 1, 2);
        using GraphBinding binding = session.CreateBinding();
        binding.BindInput("index", index);
        binding.BindOutput("row", row);

        GraphExecutionException error = Assert.Throws<GraphExecutionException>(() => binding.Run());
        index.AsSpan<long>()[0] = 2;
        binding.Run();

        Assert.Equal("pick", error.Role);
        Assert.Equal([4, 5], row.AsSpan<float>());
    }

    [Fact]
    public void Run_NotEverythingBound_SaysWhatIsMissing()
    {
        using GraphSession session = TinyGraphs.Open(TinyGraphs.Add);
        using HostTensor tensor = HostTensor.Allocate(ElementType.Float32, 1, 3);
        using GraphBinding binding = session.CreateBinding();
        binding.BindInput("left", tensor);

        InvalidOperationException noInput = Assert.Throws<InvalidOperationException>(() => binding.Run());
        binding.BindInput("right", tensor);
        InvalidOperationException noOutput = Assert.Throws<InvalidOperationException>(() => binding.Run());

        Assert.Contains("input 'right' must be bound", noInput.Message, StringComparison.Ordinal);
        Assert.Contains("must have an output bound", noOutput.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Run_LettersThatDisagree_SaysWhichAxis()
    {
        using GraphSession session = TinyGraphs.Open(TinyGraphs.Add);
        using HostTensor one = HostTensor.Allocate(ElementType.Float32, 1, 3), two = HostTensor.Allocate(ElementType.Float32, 2, 3);
        using GraphBinding binding = Bind(session, one, one, two);

        InvalidOperationException error = Assert.Throws<InvalidOperationException>(() => binding.Run());

        Assert.Contains("Axis N of tensor 'total' must be 1 as in 'left', but is 2", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void BindInput_UnknownNameOrWrongTensor_IsRefused()
    {
        using GraphSession session = TinyGraphs.Open(TinyGraphs.Add);
        using HostTensor wide = HostTensor.Allocate(ElementType.Float32, 1, 4);
        using GraphBinding binding = session.CreateBinding();

        ArgumentException unknown = Assert.Throws<ArgumentException>(() => binding.BindInput("total", wide));
        ArgumentException wrong = Assert.Throws<ArgumentException>(() => binding.BindInput("left", wide));

        Assert.Contains("must be one of left, right, but is 'total'", unknown.Message, StringComparison.Ordinal);
        Assert.Contains("must be float32 [N, 3], but is float32 [1, 4]", wrong.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Dispose_SessionAndTensorsFirst_TheBindingStillRuns()
    {
        GraphSession maker = TinyGraphs.Open(TinyGraphs.Add), session = TinyGraphs.Open(TinyGraphs.Add);
        DeviceTensor left = maker.Allocate(ElementType.Float32, 1, 3);
        HostTensor right = HostTensor.From<float>([1, 2, 3], 1, 3);
        using HostTensor total = HostTensor.Allocate(ElementType.Float32, 1, 3);
        left.CopyFrom(right);
        using GraphBinding binding = Bind(session, left, right, total);

        maker.Dispose();
        session.Dispose();
        left.Dispose();
        right.Dispose();
        binding.Run();

        Assert.Equal([2, 4, 6], total.AsSpan<float>());
    }

    [Fact]
    public void BindInput_AnotherTensor_FreesTheOneBefore()
    {
        using GraphSession session = TinyGraphs.Open(TinyGraphs.Add);
        using HostTensor right = HostTensor.From<float>([1, 2, 3], 1, 3), total = HostTensor.Allocate(ElementType.Float32, 1, 3);
        DeviceTensor before = session.Allocate(ElementType.Float32, 1, 3);
        using GraphBinding binding = Bind(session, before, right, total);
        before.Dispose();
        int bound = LiveHandles.Count;

        binding.BindInput("left", right);
        int rebound = LiveHandles.Count;
        binding.Run();

        Assert.Equal(bound - 1, rebound);
        Assert.Equal([2, 4, 6], total.AsSpan<float>());
    }

    [Fact]
    public void Run_AfterDispose_Throws()
    {
        using GraphSession session = TinyGraphs.Open(TinyGraphs.Add);
        using HostTensor one = HostTensor.Allocate(ElementType.Float32, 1, 3);
        GraphBinding binding = Bind(session, one, one, one);

        binding.Dispose();
        binding.Dispose();

        Assert.Throws<ObjectDisposedException>(() => binding.Run());
        Assert.Throws<ObjectDisposedException>(() => binding.BindInput("left", one));
    }

    public void Dispose() => Assert.Equal(_handles, LiveHandles.Count);

    private static GraphBinding Bind(GraphSession session, GraphTensor left, GraphTensor right, GraphTensor total)
    {
        GraphBinding binding = session.CreateBinding();
        binding.BindInput("left", left);
        binding.BindInput("right", right);
        binding.BindOutput("total", total);
        return binding;
    }
}
