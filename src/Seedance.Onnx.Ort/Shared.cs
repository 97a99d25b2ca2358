namespace Seedance.Onnx.Ort;

/// <summary>
/// A native object with several owners: the last one to release it disposes it. So a tensor outlives the session that made it for as
/// long as a binding still needs it, in whatever order the user disposes them.
/// </summary>
/// <param name="value">The object; owned from now on.</param>
/// <param name="release">Runs after the object was disposed, to release what it needed; null when it needs nothing.</param>
internal sealed class Shared<T>(T value, Action? release = null)
    where T : class, IDisposable
{
    private int _owners = Count();

    /// <summary>The object. Only for an owner that has not released it yet.</summary>
    public T Value => value;

    /// <summary>Adds an owner; it must call <see cref="Release"/> once.</summary>
    public Shared<T> AddOwner()
    {
        Interlocked.Increment(ref _owners);
        return this;
    }

    public void Release()
    {
        if (Interlocked.Decrement(ref _owners) == 0)
        {
            value.Dispose();
            LiveHandles.Closed();
            release?.Invoke();
        }
    }

    private static int Count()
    {
        LiveHandles.Opened();
        return 1;
    }
}
