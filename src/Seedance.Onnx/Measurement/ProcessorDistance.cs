using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Seedance.Onnx.Measurement;

/// <summary>
/// How long a number takes from one processor to another and back. Threads that compute one graph hand work over some thousand times a step, so that a step takes half as long again where their processors share no
/// cache. A virtual machine's processors are moved by the host, and nothing inside the machine tells it but this.
/// </summary>
public static class ProcessorDistance
{
    private const int Trips = 200;

    private static readonly TimeSpan LongEnough = TimeSpan.FromMilliseconds(15);

    /// <summary>Measures it between the caller's processor and another one, in 15 milliseconds; the caller spins meanwhile.</summary>
    /// <returns>Nanoseconds there and back, the shortest mean of 200 trips; null where there is one processor only.</returns>
    public static double? Measure()
    {
        if (Environment.ProcessorCount < 2)
        {
            return null;
        }

        Place place = new();
        Thread other = new(() => Return(place)) { IsBackground = true };
        other.Start();
        double best = double.MaxValue;
        int sent = 0;
        for (long began = Stopwatch.GetTimestamp(); Stopwatch.GetElapsedTime(began) < LongEnough || sent <= Trips;)
        {
            long left = Stopwatch.GetTimestamp();
            for (int trip = 0; trip < Trips; trip++)
            {
                Volatile.Write(ref place.Number, ++sent);
                while (Volatile.Read(ref place.Number) != -sent)
                {
                }
            }

            best = Math.Min(best, Stopwatch.GetElapsedTime(left).TotalNanoseconds / Trips);
        }

        Volatile.Write(ref place.Number, int.MaxValue);
        other.Join();
        return best;
    }

    /// <summary>Answers each number with its negative.</summary>
    private static void Return(Place place)
    {
        for (int number = 0; number != int.MaxValue; number = Volatile.Read(ref place.Number))
        {
            if (number > 0)
            {
                Volatile.Write(ref place.Number, -number);
            }
        }
    }

    /// <summary>A number with cache lines to itself.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 256)]
    private sealed class Place
    {
        [FieldOffset(128)]
        public int Number;
    }
}
