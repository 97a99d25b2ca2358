using System.Diagnostics;
using Seedance.Onnx.Execution;

namespace Seedance.Onnx.Ort;

[Trait("Tier", "Graph")]
public sealed class RuntimeEnvironmentTests
{
    // Whoever starts ONNX Runtime first in this process asks for this many.
    private static readonly int Pooled = Environment.ProcessorCount;

    [Fact]
    public void SharesThreads_NumberOfThePool_AndNoOther()
    {
        RuntimeEnvironment.Start();

        Assert.True(RuntimeEnvironment.SharesThreads(Target(Pooled, interOp: 1)));
        Assert.False(RuntimeEnvironment.SharesThreads(Target(Pooled + 1, interOp: 1)));
        Assert.False(RuntimeEnvironment.SharesThreads(Target(Pooled, interOp: 2)));
    }

    [SkippableFact]
    public void Open_SeveralSessionsWithTheThreadsOfThePool_StartsNoMore()
    {
        Skip.IfNot(OperatingSystem.IsLinux(), "Threads are counted in /proc.");
        using GraphSession first = TinyGraphs.Open(TinyGraphs.Add);
        int before = CountThreads();
        List<GraphSession> sessions = [];

        for (int i = 0; i < 8; i++)
        {
            sessions.Add(TinyGraphs.Open(TinyGraphs.Add));
        }

        int pooled = CountThreads();
        using GraphSession own = GraphSession.Open(TinyGraphs.Folder, TinyGraphs.Add, ExecutionTarget.Cpu with { Threads = Pooled + 6 });
        int after = CountThreads();
        sessions.ForEach(session => session.Dispose());

        // .NET may start a few of its own meanwhile; eight sessions with pools would be eight times as many.
        Assert.InRange(pooled - before, int.MinValue, 4);
        Assert.InRange(after - pooled, Pooled + 5, int.MaxValue);
    }

    private static int CountThreads()
    {
        using Process process = Process.GetCurrentProcess();
        return process.Threads.Count;
    }

    private static ResolvedTarget Target(int threads, int interOp) =>
        new(ExecutionProvider.Cpu, ExecutionTarget.Cpu with { Threads = threads, InterOpThreads = interOp }, []);
}
