using System.Diagnostics;
using Seedance.Onnx.Execution;

namespace Seedance.Onnx.Ort;

[Trait("Tier", "Graph")]
public sealed class RuntimeEnvironmentTests
{
    [Fact]
    public void SharesThreads_NumberOfThePool_AndNoOther()
    {
        int pooled = FindPooled();

        Assert.True(RuntimeEnvironment.SharesThreads(Target(pooled, interOp: 1)));
        Assert.False(RuntimeEnvironment.SharesThreads(Target(pooled + 1, interOp: 1)));
        Assert.False(RuntimeEnvironment.SharesThreads(Target(pooled, interOp: 2)));
    }

    [SkippableFact]
    public void Open_SeveralSessionsWithTheThreadsOfThePool_StartsNoMore()
    {
        Skip.IfNot(OperatingSystem.IsLinux(), "Threads are counted in /proc.");
        int threads = FindPooled();
        using GraphSession first = Open(threads);
        int before = CountThreads();
        List<GraphSession> sessions = [];

        for (int i = 0; i < 8; i++)
        {
            sessions.Add(Open(threads));
        }

        int pooled = CountThreads();
        using GraphSession own = Open(threads + 6);
        int after = CountThreads();
        sessions.ForEach(session => session.Dispose());

        // .NET may start a few of its own meanwhile; eight sessions with pools would be eight times as many.
        Assert.InRange(pooled - before, int.MinValue, 4);
        Assert.InRange(after - pooled, threads + 5, int.MaxValue);
    }

    /// <summary>What the first to start ONNX Runtime in this process asked for.</summary>
    private static int FindPooled()
    {
        RuntimeEnvironment.Start();
        return Enumerable.Range(1, ExecutionTarget.MaxThreads).Single(threads => RuntimeEnvironment.SharesThreads(Target(threads, interOp: 1)));
    }

    private static GraphSession Open(int threads) => GraphSession.Open(TinyGraphs.Folder, TinyGraphs.Add, ExecutionTarget.Cpu with { Threads = threads });

    private static int CountThreads()
    {
        using Process process = Process.GetCurrentProcess();
        return process.Threads.Count;
    }

    private static ResolvedTarget Target(int threads, int interOp) =>
        new(ExecutionProvider.Cpu, ExecutionTarget.Cpu with { Threads = threads, InterOpThreads = interOp }, []);
}
