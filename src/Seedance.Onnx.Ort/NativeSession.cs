using Microsoft.ML.OnnxRuntime;

namespace Seedance.Onnx.Ort;

/// <summary>ONNX Runtime's session with the allocator of its device. Tensors from the allocator must not outlive this.</summary>
internal sealed class NativeSession : IDisposable
{
    private readonly OrtMemoryInfo? _deviceMemory;

    /// <summary>Takes over both.</summary>
    /// <param name="session">The session.</param>
    /// <param name="deviceMemory">The memory of its device; null for the processor's.</param>
    public NativeSession(InferenceSession session, OrtMemoryInfo? deviceMemory)
    {
        Session = session;
        _deviceMemory = deviceMemory;
        try
        {
            Allocator = new OrtAllocator(session, deviceMemory ?? OrtMemoryInfo.DefaultInstance);
        }
        catch
        {
            session.Dispose();
            deviceMemory?.Dispose();
            throw;
        }
    }

    public InferenceSession Session { get; }

    public OrtAllocator Allocator { get; }

    /// <summary>Whether its device's memory is the processor's.</summary>
    public bool IsOnHost => _deviceMemory is null;

    public void Dispose()
    {
        Allocator.Dispose();
        Session.Dispose();
        _deviceMemory?.Dispose();
    }
}
