using Microsoft.ML.OnnxRuntime;

namespace Seedance.Onnx.Ort;

/// <summary>ONNX Runtime's session with the allocator of its device. Tensors from the allocator must not outlive this.</summary>
internal sealed class NativeSession : IDisposable
{
    public NativeSession(string path, SessionOptions options)
    {
        Session = new InferenceSession(path, options);
        try
        {
            Allocator = new OrtAllocator(Session, OrtMemoryInfo.DefaultInstance);
        }
        catch
        {
            Session.Dispose();
            throw;
        }
    }

    public InferenceSession Session { get; }

    public OrtAllocator Allocator { get; }

    public void Dispose()
    {
        Allocator.Dispose();
        Session.Dispose();
    }
}
