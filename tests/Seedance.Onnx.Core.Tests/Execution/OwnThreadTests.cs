namespace Seedance.Onnx.Execution;

/// <summary>Work that blocks has a thread of its own, and tells its end as any task does.</summary>
[Trait("Tier", "Unit")]
public sealed class OwnThreadTests
{
    [Fact]
    public async Task RunAsync_Work_IsOnNoThreadOfThePool()
    {
        Assert.False(await OwnThread.RunAsync(() => Thread.CurrentThread.IsThreadPoolThread));
        bool ran = false;
        await OwnThread.RunAsync(() => { ran = true; });
        Assert.True(ran);
    }

    [Fact]
    public async Task RunAsync_WorkThrows_TheTaskDoes()
    {
        var error = new InvalidOperationException("no");

        Assert.Same(error, await Assert.ThrowsAsync<InvalidOperationException>(() => OwnThread.RunAsync(() => throw error)));
    }

    [Fact]
    public async Task RunAsync_CancelledBefore_NeverBegins()
    {
        bool ran = false;

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => OwnThread.RunAsync(() => ran = true, new CancellationToken(canceled: true)));

        Assert.False(ran);
    }

    [Fact]
    public async Task RunAsync_NoWork_IsRefused()
    {
        await Assert.ThrowsAsync<ArgumentNullException>("work", () => OwnThread.RunAsync(null!));
        await Assert.ThrowsAsync<ArgumentNullException>("work", () => OwnThread.RunAsync<int>(null!));
    }
}
