using System.Runtime.InteropServices;

namespace Seedance.Onnx.Ort;

/// <summary>The one stream of a card that TensorRT, and CUDA behind it, compute on, so that neither waits for the other's. It lives as long as the process.</summary>
internal static class ComputeStream
{
    private const string Library = "libcudart.so.13";
    private const uint NonBlocking = 1;

    private static readonly Lock Gate = new();
    private static readonly Dictionary<int, nint> Streams = [];

    private delegate int SetDevice(int device);

    private delegate int CreateStream(out nint stream, uint flags);

    /// <summary>The stream of a card: a cudaStream_t; 0 where CUDA has none to give, and each provider then has its own.</summary>
    public static nint Of(int deviceId)
    {
        lock (Gate)
        {
            if (!Streams.TryGetValue(deviceId, out nint stream))
            {
                Streams.Add(deviceId, stream = Create(deviceId));
            }

            return stream;
        }
    }

    private static nint Create(int deviceId)
    {
        if (!NativeLibrary.TryLoad(Library, out nint library)
            || !NativeLibrary.TryGetExport(library, "cudaSetDevice", out nint setDevice)
            || !NativeLibrary.TryGetExport(library, "cudaStreamCreateWithFlags", out nint create))
        {
            return 0;
        }

        return Marshal.GetDelegateForFunctionPointer<SetDevice>(setDevice)(deviceId) == 0
            && Marshal.GetDelegateForFunctionPointer<CreateStream>(create)(out nint stream, NonBlocking) == 0 ? stream : 0;
    }
}
