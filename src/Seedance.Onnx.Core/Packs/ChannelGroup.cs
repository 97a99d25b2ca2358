using System.Runtime.InteropServices;

namespace Seedance.Onnx.Packs;

/// <summary>Channels of the transformer's input that belong together.</summary>
/// <param name="Kind">What they carry.</param>
/// <param name="Channels">How many there are, at least 1.</param>
/// <param name="Absent">Of condition channels: what stands for frames that nobody gave.</param>
[StructLayout(LayoutKind.Auto)]
public readonly record struct ChannelGroup(ChannelKind Kind, int Channels, AbsentFrames Absent = AbsentFrames.Zeros);
