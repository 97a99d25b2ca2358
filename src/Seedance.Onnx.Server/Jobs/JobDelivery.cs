using RabbitMQ.Client;

namespace Seedance.Onnx.Server.Jobs;

/// <summary>A message of the broker, which is handed out again unless it is acknowledged.</summary>
/// <param name="Id">The job to look at.</param>
/// <param name="Channel">Where it came from; borrowed.</param>
/// <param name="Tag">What the channel knows it by.</param>
internal sealed record JobDelivery(string Id, IChannel Channel, ulong Tag);
