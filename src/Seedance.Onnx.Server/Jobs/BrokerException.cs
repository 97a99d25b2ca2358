namespace Seedance.Onnx.Server.Jobs;

/// <summary>The broker cannot be reached now, or was lost in the middle of something. It is asked again later; nothing is lost with it, because the store knows all jobs.</summary>
internal sealed class BrokerException(string message, Exception inner) : Exception(message, inner);
